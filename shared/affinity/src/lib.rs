//! What goes with what, learned from purchases. Pure.
