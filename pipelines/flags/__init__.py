"""What a person must look at: one .sql file per rule, sentences from the catalogue of texts, an owner for each."""
