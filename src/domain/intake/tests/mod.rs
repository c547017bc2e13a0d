//! The rules of the intake, each as a sentence.

mod merge;
mod normalize;
mod plan;
mod property;
mod resolve;
mod world;
