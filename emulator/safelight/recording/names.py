"""Which headers, fields and parameters hold a secret, by their names.

What must not enter: values, texts, how something is hidden.
"""

from __future__ import annotations

import re
from functools import lru_cache


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NAMES = _words(
    """
    authorization proxy_authorization x_authorization www_authenticate cookie set_cookie api_key
    apikey x_api_key x_goog_api_key access_key access_key_id secret_access_key secret_key secret
    client_secret client_id access_token refresh_token id_token auth_token session_token bearer
    bearer_token password passwd credential credentials private_key session_id csrf_token
    x_csrf_token x_amz_security_token x_amz_credential x_amz_signature organization
    organization_id organisation organisation_id org_id openai_organization account account_id
    project_id openai_project team_id workspace_id customer_id billing_account user_id owner_id
    x_vercel_oidc_token cf_access_token cf_access_client_secret
    """
)
"""Names of headers, fields and parameters whose value is a secret; `-` and `_` are the same."""

PUBLIC = _words("organization organisation account bearer credential client_id")
"""Names that are no secret as a field of JSON: `organization` may be a model's maker."""

SIGNATURES = _words(
    """
    sig signature x_amz_signature x_goog_signature x_amz_security_token key token access_token
    auth api_key apikey credential x_amz_credential x_goog_credential policy se sp sv skoid
    key_pair_id hmac hash hdnea hdnts md5 googleaccessid awsaccesskeyid
    """
)
"""Parameters by which a link is known to be a signed one."""

STRONG = _words(
    """
    sig signature x_amz_signature x_goog_signature x_amz_security_token access_token api_key
    apikey x_amz_credential x_goog_credential awsaccesskeyid googleaccessid token
    """
)
"""Those of them whose value opens something by itself, and is looked for elsewhere."""

COOKIES = _words("cookie set_cookie")


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """Return a name as `NAMES` has it."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().replace("-", "_")
