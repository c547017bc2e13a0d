//! What Tandem does for a company; one file per verb.
