//! Locks of small trees.
