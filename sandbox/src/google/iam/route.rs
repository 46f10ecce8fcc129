//! What a path asks for.

use crate::google::accounts::Account;

/// What is to be done with the keys of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action<'a> {
    List,
    Create,
    Upload,
    Get(&'a str),
    Delete(&'a str),
    Disable(&'a str),
    Enable(&'a str),
}

impl Action<'_> {
    /// The permission that it takes. Uploading takes that of creating.
    pub(crate) fn permission(self) -> &'static str {
        match self {
            Self::List => "iam.serviceAccountKeys.list",
            Self::Create | Self::Upload => "iam.serviceAccountKeys.create",
            Self::Get(_) => "iam.serviceAccountKeys.get",
            Self::Delete(_) => "iam.serviceAccountKeys.delete",
            Self::Disable(_) => "iam.serviceAccountKeys.disable",
            Self::Enable(_) => "iam.serviceAccountKeys.enable",
        }
    }

    /// The full name of the method.
    pub(crate) fn method(self) -> &'static str {
        match self {
            Self::List => "google.iam.admin.v1.IAM.ListServiceAccountKeys",
            Self::Create => "google.iam.admin.v1.IAM.CreateServiceAccountKey",
            Self::Upload => "google.iam.admin.v1.IAM.UploadServiceAccountKey",
            Self::Get(_) => "google.iam.admin.v1.IAM.GetServiceAccountKey",
            Self::Delete(_) => "google.iam.admin.v1.IAM.DeleteServiceAccountKey",
            Self::Disable(_) => "google.iam.admin.v1.IAM.DisableServiceAccountKey",
            Self::Enable(_) => "google.iam.admin.v1.IAM.EnableServiceAccountKey",
        }
    }
}

/// A path, read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request<'a> {
    project: &'a str,
    /// An address or a unique id.
    pub(crate) account: &'a str,
    pub(crate) action: Action<'a>,
}

impl<'a> Request<'a> {
    /// Reads what follows `/google/iam/`.
    pub(crate) fn of(verb: &str, path: &[&'a str]) -> Option<Self> {
        let [
            "v1",
            "projects",
            project,
            "serviceAccounts",
            account,
            rest @ ..,
        ] = path
        else {
            return None;
        };
        let action = match (verb, rest) {
            ("GET", ["keys"]) => Action::List,
            ("POST", ["keys"]) => Action::Create,
            ("POST", ["keys:upload"]) => Action::Upload,
            ("GET", ["keys", id]) => Action::Get(id),
            ("DELETE", ["keys", id]) => Action::Delete(id),
            ("POST", ["keys", named]) => match named.split_once(':')? {
                (id, "disable") => Action::Disable(id),
                (id, "enable") => Action::Enable(id),
                _ => return None,
            },
            _ => return None,
        };
        Some(Self {
            project,
            account,
            action,
        })
    }

    /// Whether the path names the project that an account is in; `-` stands for it.
    pub(crate) fn is_in(&self, account: &Account) -> bool {
        matches!(self.project, "-")
            || self.project == account.project
            || self.project == account.project_id()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action<'a>(verb: &str, path: &[&'a str]) -> Option<Action<'a>> {
        let whole = [&["v1", "projects", "-", "serviceAccounts", "a@b"], path].concat();
        Request::of(verb, &whole).map(|request| request.action)
    }

    #[test]
    fn verbs_follow_a_colon() {
        assert_eq!(action("POST", &["keys:upload"]), Some(Action::Upload));
        assert_eq!(
            action("POST", &["keys", "k:disable"]),
            Some(Action::Disable("k"))
        );
        assert_eq!(action("POST", &["keys", "k:explode"]), None);
        assert_eq!(action("POST", &["keys", "k"]), None);
        assert_eq!(action("DELETE", &["keys"]), None);
    }
}
