"""The archive's files: touchpoints in Parquet, by day."""
