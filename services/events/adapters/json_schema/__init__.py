"""JSON Schema by jsonschema-rs."""
