#include "platform/native/shared.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "platform/native/worker.h"

namespace pluv::native {

std::size_t AddressCounts::KeyHash::operator()(const Key& key) const noexcept {
  return std::hash<std::string_view>{}(
      std::string_view(reinterpret_cast<const char*>(key.data()), key.size()));
}

AddressCounts::Key AddressCounts::key_of(const net::IpAddress& address) noexcept {
  Key key{};
  const std::size_t size = address.is_v4() ? key.size() : key.size() / 2;
  std::copy_n(address.bytes().begin(), size, key.begin());
  return key;
}

std::uint32_t AddressCounts::add(const net::IpAddress& address) {
  const std::lock_guard lock(mutex_);
  return ++counts_[key_of(address)];
}

void AddressCounts::remove(const net::IpAddress& address) {
  const std::lock_guard lock(mutex_);
  const auto found = counts_.find(key_of(address));
  if (found != counts_.end() && --found->second == 0) counts_.erase(found);
}

UserCounts::Counted* UserCounts::add(std::string_view project, std::string_view user,
                                     std::uint32_t limit) {
  std::string key(project);  // which has no '/'
  key += '/';
  key += user;
  const std::lock_guard lock(mutex_);
  const auto found = counts_.try_emplace(std::move(key), 0).first;
  if (found->second >= limit) return nullptr;  // which is not 0
  ++found->second;
  return &*found;
}

void UserCounts::remove(Counted& user) {
  const std::lock_guard lock(mutex_);
  if (--user.second == 0) counts_.erase(counts_.find(user.first));
}

void RoomSizes::set(std::string_view room, std::size_t size) {
  Shard& shard = shards_[shard_of(room)];
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.sizes.find(room);
  if (found == shard.sizes.end()) {
    if (size > 0) shard.sizes.emplace(room, static_cast<std::uint32_t>(size));
  } else if (size > 0) {
    found->second = static_cast<std::uint32_t>(size);
  } else {
    shard.sizes.erase(found);
  }
}

std::size_t RoomSizes::get(std::string_view room) const {
  const Shard& shard = shards_[shard_of(room)];
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.sizes.find(room);
  return found == shard.sizes.end() ? 0 : found->second;
}

const room::Definition& Shared::definition_of(std::string_view project) const {
  if (project.empty() || !hooks.definition_of) return definition;
  const room::Definition* const own = hooks.definition_of(project);
  if (own == nullptr) return definition;
  PLUV_ASSERT(own->has_store == definition.has_store);
  return *own;
}

Worker& Shared::owner_of(std::string_view room) const noexcept {
  return *workers[TextHash{}(room) % workers.size()];
}

void Shared::stop_loops() const {
  for (const std::shared_ptr<Worker>& worker : workers) worker->stop();
}

}  // namespace pluv::native
