//! Durable keeping: the store directory of the command and the I/O trait under it.
