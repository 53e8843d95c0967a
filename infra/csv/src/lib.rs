//! orders-csv
