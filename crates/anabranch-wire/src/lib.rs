//! The bytes that replicas exchange and logs keep: frames, log segments, limits.
