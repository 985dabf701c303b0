"""What the services say to each other on the bus: one module a producer, versioned.

A contract is a frozen msgspec Struct. Its CloudEvents type is `rapport.<topic>.<past tense>.v<N>`. A change adds
optional fields, or a V2 stands beside V1; consumers ignore what they do not know. The exported JSON Schemas in
`schemas/` are committed, and tests/unit/contracts checks that a change keeps them compatible.
"""
