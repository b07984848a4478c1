//! What an embedding service needs of Anabranch, by feature.
