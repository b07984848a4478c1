//! The gate of this workspace, and the bodies of its fuzz targets.

pub mod arrows;
pub mod gate;
pub mod run;
pub mod targets;
pub mod tidy;
