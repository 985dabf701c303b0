"""Files of rows: CSV and Parquet, and room on disk while they are read."""
