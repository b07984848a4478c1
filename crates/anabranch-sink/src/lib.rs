//! The port to pipelines: the Sink trait, its driver, and the laws it must obey.
