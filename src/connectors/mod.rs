//! The only room that speaks HTTP to CRMs; one folder per CRM.
