//! resegment
