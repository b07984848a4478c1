//! Buckets, through the `object_store` crate.

use std::io;
use std::sync::Arc;

use object_store::path::Path;
use object_store::{ObjectStore as Bucket, ObjectStoreExt, PutMode, PutOptions, UpdateVersion};
use tokio::runtime::{Builder, Runtime};

use super::{Destination, Revision, without_secrets};

/// A place in a bucket. Credentials and regions come from the environment, by the names that the provider's own tools use.
pub struct ObjectStore {
    name: String,
    bucket: Arc<dyn Bucket>,
    prefix: Path,
    runtime: Runtime,
}

impl ObjectStore {
    /// The place that a URL names: `s3://`, `gs://`, `az://`, `memory:///`, as far as this build supports them.
    pub fn open(url: &str) -> io::Result<Self> {
        let parsed = url::Url::parse(url).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let environment = std::env::vars().map(|(name, value)| (name.to_ascii_lowercase(), value));
        let (bucket, prefix) = object_store::parse_url_opts(&parsed, environment).map_err(failed)?;
        Self::new(url, bucket.into(), prefix)
    }

    /// The place below `prefix` in a bucket that was opened elsewhere, under a name for messages.
    pub fn new(name: &str, bucket: Arc<dyn Bucket>, prefix: Path) -> io::Result<Self> {
        let mut runtime = Builder::new_current_thread();
        #[cfg(any(feature = "aws", feature = "azure", feature = "gcp"))]
        runtime.enable_all();
        Ok(Self { name: without_secrets(name), bucket, prefix, runtime: runtime.build()? })
    }

    /// Our paths are percent-encoded already, and stay as they are.
    fn at(&self, path: &str) -> io::Result<Path> {
        let whole = format!("{}/{path}", self.prefix);
        Path::parse(whole).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
    }
}

/// What the bucket said; the URLs of requests may be signed.
fn failed(error: object_store::Error) -> io::Error {
    use object_store::Error;
    let kind = match &error {
        Error::NotFound { .. } => io::ErrorKind::NotFound,
        Error::AlreadyExists { .. } | Error::Precondition { .. } => io::ErrorKind::AlreadyExists,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => io::ErrorKind::PermissionDenied,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, without_secrets(&error.to_string()))
}

/// An entity tag, and a version where the provider has one.
fn revision(e_tag: Option<String>, version: Option<String>) -> Revision {
    Revision(format!("{}\n{}", e_tag.unwrap_or_default(), version.unwrap_or_default()))
}

fn update_version(revision: &Revision) -> UpdateVersion {
    let (e_tag, version) = revision.0.split_once('\n').unwrap_or((&revision.0, ""));
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    UpdateVersion { e_tag: some(e_tag), version: some(version) }
}

impl Destination for ObjectStore {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn read(&self, path: &str) -> io::Result<Option<(Vec<u8>, Revision)>> {
        let path = self.at(path)?;
        let read = self.runtime.block_on(async {
            let found = self.bucket.get(&path).await?;
            let revision = revision(found.meta.e_tag.clone(), found.meta.version.clone());
            Ok((found.bytes().await?.to_vec(), revision))
        });
        match read.map_err(failed) {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn write(&mut self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.at(path)?;
        let put = self.bucket.put(&path, bytes.to_vec().into());
        self.runtime.block_on(put).map(|_| ()).map_err(failed)
    }

    fn replace(&mut self, path: &str, bytes: &[u8], was: Option<&Revision>) -> io::Result<Revision> {
        let mode = was.map_or(PutMode::Create, |was| PutMode::Update(update_version(was)));
        let options = PutOptions { mode, ..PutOptions::default() };
        let path = self.at(path)?;
        let put = self.bucket.put_opts(&path, bytes.to_vec().into(), options);
        let done = self.runtime.block_on(put).map_err(failed)?;
        Ok(revision(done.e_tag, done.version))
    }

    fn list(&self, directory: &str) -> io::Result<Vec<String>> {
        let directory = self.at(directory)?;
        let listed = self.runtime.block_on(self.bucket.list_with_delimiter(Some(&directory))).map_err(failed)?;
        Ok(listed.objects.iter().filter_map(|object| object.location.filename().map(str::to_owned)).collect())
    }

    fn remove(&mut self, path: &str) -> io::Result<()> {
        match self.runtime.block_on(self.bucket.delete(&self.at(path)?)).map_err(failed) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}
