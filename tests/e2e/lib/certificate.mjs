// A certificate of localhost that nobody trusts, and its key, for servers of the tests that speak
// TLS. It is no secret, and good until 2126.
import { writeFileSync } from "node:fs";
import path from "node:path";

const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUZ9HLTvz6blU/zWtFvQUdAUJEprEwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNjIxMDI1M1oYDzIxMjYxMTAy
MjEwMjUzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQ94Frcma3Z/h9yf9uXw7Wp9NK/5JNS+c4mjeK39IpQBJB2jORqlxXE
uFN4O9tg/Tbxvel7p23448d5nLfVURAAo28wbTAdBgNVHQ4EFgQUMaZwVr/HlaZj
D9w/0YeOJpd1D5gwHwYDVR0jBBgwFoAUMaZwVr/HlaZjD9w/0YeOJpd1D5gwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIhAPKr6dryolmI+6oSQeDkPsjuKsToZp9Xl08XJ3jlshXJAiAL
Hsbb7fAqDcvjh0lqJM5Rw/uNFutBGYneu5VDMTK36A==
-----END CERTIFICATE-----
`;

const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgYbYUEZDrFcLqxNhZ
ULcZDc86KdUQs5J6LNzwsIqm2KGhRANCAAQ94Frcma3Z/h9yf9uXw7Wp9NK/5JNS
+c4mjeK39IpQBJB2jORqlxXEuFN4O9tg/Tbxvel7p23448d5nLfVURAA
-----END PRIVATE KEY-----
`;

// Writes both into the folder and answers the flags of pluvd that name them.
export function certificateFlags(folder) {
  const files = { certificate: path.join(folder, "certificate.pem"),
                  key: path.join(folder, "key.pem") };
  writeFileSync(files.certificate, CERTIFICATE);
  writeFileSync(files.key, KEY, { mode: 0o600 });
  return ["--tls-cert", files.certificate, "--tls-key", files.key];
}
