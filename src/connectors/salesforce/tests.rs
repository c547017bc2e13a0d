//! What comes in, as a page of Salesforce brings it.
