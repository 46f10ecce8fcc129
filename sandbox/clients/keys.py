"""Keys and certificates that a test makes itself."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization


def signed_certificate(private, days):
    """A certificate that its own key signs. It is 60 days old and ends in so many days."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "deputy")])
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=60))
        .not_valid_after(now + datetime.timedelta(days=days))
        .sign(private, hashes.SHA256())
    )


def certificate(private, days):
    """The same, as a PEM file has it."""
    return signed_certificate(private, days).public_bytes(serialization.Encoding.PEM).decode()


def private_pem(private):
    """The private key as a PEM file has it."""
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
