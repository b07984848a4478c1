//! The gate of this workspace, and the bodies of its fuzz targets.

pub mod arrows;
pub mod dexie;
pub mod gate;
pub mod instructions;
pub mod mutate;
pub mod random;
pub mod run;
pub mod targets;
pub mod tidy;
