//! Delivers record changes as Parquet, JSON Lines and CSV files.
