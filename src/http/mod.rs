//! The API and the pages, with poem.
