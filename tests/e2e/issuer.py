"""An identity provider: keys made by openssl, what it publishes of them (JWKS), and tokens signed with them."""
import base64
import json
import subprocess
import time

ALGORITHMS = {  # how openssl makes a key, and what a JWK says of its kind
    "RS": (["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], {"kty": "RSA"}),
    "PS": (["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], {"kty": "RSA"}),
    "ES256": (["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], {"kty": "EC", "crv": "P-256"}),
    "ES384": (["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"], {"kty": "EC", "crv": "P-384"}),
    "ES512": (["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"], {"kty": "EC", "crv": "P-521"}),
    "EdDSA": (["-algorithm", "ED25519"], {"kty": "OKP", "crv": "Ed25519"}),
}
HALF = {"ES256": 32, "ES384": 48, "ES512": 66}


def part(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def openssl(*args, input=None):
    return subprocess.run(["openssl", *map(str, args)], input=input, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=True).stdout


def numbers_of_der(der):
    """The two numbers of a signature of ECDSA."""
    at, found = 3 if der[1] & 0x80 else 2, []
    for _ in range(2):
        n = der[at + 1]
        found.append(int.from_bytes(der[at + 2:at + 2 + n], "big"))
        at += 2 + n
    return found


class Key:
    def __init__(self, folder, kid, alg="RS256"):
        self.kid, self.alg, self.path = kid, alg, folder / f"{kid}.key"
        options, self.kind = ALGORITHMS[alg if alg in ALGORITHMS else alg[:2]]
        openssl("genpkey", *options, "-out", self.path)
        self.pem = openssl("pkey", "-in", self.path, "-pubout").decode()
        self._der = openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")

    def jwk(self, **more):
        """What the provider publishes."""
        if self.kind["kty"] == "RSA":
            n = bytes.fromhex(openssl("rsa", "-in", self.path, "-modulus", "-noout").decode().partition("=")[2])
            numbers = {"n": part(n), "e": "AQAB"}
        elif self.kind["kty"] == "EC":
            half = HALF[self.alg]
            numbers = {"x": part(self._der[-2 * half:-half]), "y": part(self._der[-half:])}
        else:
            numbers = {"x": part(self._der[-32:])}
        return {**self.kind, **numbers, "kid": self.kid, **more}

    def _signature(self, text):
        if self.alg == "EdDSA":
            whole = self.path.with_suffix(".text")
            whole.write_bytes(text)
            return openssl("pkeyutl", "-sign", "-inkey", self.path, "-rawin", "-in", whole)
        options = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"] if self.alg[0] == "P" else []
        made = openssl("dgst", f"-sha{self.alg[2:]}", "-sign", self.path, *options, input=text)
        if self.alg[0] != "E":
            return made
        return b"".join(number.to_bytes(HALF[self.alg], "big") for number in numbers_of_der(made))

    def token(self, claims, **header):
        head = {"alg": self.alg, "typ": "JWT", "kid": self.kid, **header}
        text = ".".join(part(json.dumps(one, separators=(",", ":")).encode()) for one in (head, claims)).encode()
        return text.decode() + "." + part(self._signature(text))


def times(seconds=600):
    now = int(time.time())
    return {"iat": now, "nbf": now, "exp": now + seconds}
