// A back end of a hosted service: refuses a webhook that nobody has signed.
#include <iostream>
#include <string>

#include "pluv/hosted.h"

struct User {
  std::string id;
};

int main() {
  const auto io = pluv::create_io(
      pluv::platform_hosted(pluv::HostedOptions{.base_url = "https://rooms.example.com",
                                                .public_key = "pk",
                                                .secret_key = "sk",
                                                .webhook_secret = "wh",
                                                .authorize = pluv::authorize<User>()}));
  std::cout << io.server().webhook({.signature = "sha256=0", .body = "{}"}).status << std::endl;
}
