#include "pluv/listen.h"

#include "pluv/detail/core.h"

namespace pluv {

int Listening::run() { return core_->run(); }
void Listening::start() { core_->start(); }
int Listening::join() { return core_->join(); }
std::size_t Listening::poll(std::chrono::milliseconds wait) { return core_->poll(wait); }
void Listening::drain() { core_->drain(); }
void Listening::stop() { core_->stop(); }
bool Listening::draining() const { return core_->draining(); }
std::uint16_t Listening::port() const { return core_->port(); }
Result<void> Listening::register_connection(int fd) { return core_->register_connection(fd); }

}  // namespace pluv
