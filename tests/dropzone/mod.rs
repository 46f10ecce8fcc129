//! Whoever knows an account's name may leave files for it, and can do nothing else; what they leave is whole or not there at all.

mod arrives;
mod browser;
mod bucket;
mod hall;
mod inbox;
mod left_over;
mod refused;
mod standing;
mod tricks;
mod webhook;
mod wire;
