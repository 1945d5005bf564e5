"""What a table is and where its values stand: one module per layout, or a description in ``layouts.toml``."""
