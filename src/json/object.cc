#include "json/object.h"

#include "base/sort.h"
#include "json/reader.h"
#include "json/scan.h"

namespace pluv::json {

// The steps of one merge: collect both objects' members, find equal keys, write what is left.
class Merger {
 public:
  explicit Merger(MergeScratch& scratch) noexcept : scratch_(scratch) {
    scratch_.members_.clear();
    scratch_.keys_.clear();
  }

  Result<void> collect(std::string_view text) {
    Reader reader(text);
    if (reader.enter_object()) {
      MergeScratch::Member member;
      while (next(reader, member)) scratch_.members_.push_back(member);
    }
    if (!reader.finish()) return reader.error().to_error();
    return {};
  }

  void join() {
    for (MergeScratch::Member& member : scratch_.members_) {
      if (member.escaped) {
        member.key = std::string_view(scratch_.keys_).substr(member.key_offset, member.key.size());
      }
    }
    if (scratch_.members_.size() <= kLinearMax) {
      join_few();
    } else {
      join_many();
    }
  }

  void write(std::string& out) const {
    out.clear();
    out.push_back('{');
    for (const MergeScratch::Member& member : scratch_.members_) {
      if (member.dropped) continue;
      if (out.size() > 1) out.push_back(',');
      out += member.raw_key;
      out.push_back(':');
      append_minified(member.value, out);
    }
    out.push_back('}');
  }

 private:
  static constexpr std::size_t kLinearMax = 24;  // up to here pairs are compared

  bool next(Reader& reader, MergeScratch::Member& member) {
    member = {};
    std::string_view key;
    if (!reader.next_member(scratch_.key_, key)) return false;
    member.key = key;
    member.escaped = key.data() == scratch_.key_.data();
    if (member.escaped) {
      member.key_offset = scratch_.keys_.size();
      scratch_.keys_ += key;
    }
    member.raw_key = reader.last_name();
    return reader.raw_value(member.value);
  }

  void join_few() {
    auto& members = scratch_.members_;
    for (std::size_t i = 1; i < members.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (members[j].dropped || members[j].key != members[i].key) continue;
        members[j].value = members[i].value;
        members[i].dropped = true;
        break;
      }
    }
  }

  void join_many() {
    auto& members = scratch_.members_;
    auto& order = scratch_.order_;
    order.resize(members.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint32_t>(i);
    sort_by(order.begin(), order.end(), [&members](std::uint32_t a, std::uint32_t b) {
      const int compared = members[a].key.compare(members[b].key);
      return compared != 0 ? compared < 0 : a < b;
    });
    std::size_t first = 0;
    for (std::size_t i = 1; i < order.size(); ++i) {
      if (members[order[i]].key != members[order[first]].key) {
        first = i;
        continue;
      }
      members[order[first]].value = members[order[i]].value;
      members[order[i]].dropped = true;
    }
  }

  MergeScratch& scratch_;
};

Result<void> merge_objects(std::string_view base, std::string_view patch, std::string& out,
                           MergeScratch& scratch) {
  Merger merger(scratch);
  if (Result<void> read = merger.collect(base); !read.ok()) return read;
  if (Result<void> read = merger.collect(patch); !read.ok()) return read;
  merger.join();
  merger.write(out);
  return {};
}

Result<void> merge_objects(std::string_view base, std::string_view patch, std::string& out) {
  MergeScratch scratch;
  return merge_objects(base, patch, out, scratch);
}

void append_minified(std::string_view raw, std::string& out) {
  const char* at = raw.data();
  const char* const end = at + raw.size();
  const char* kept = at;  // the start of what was not copied yet
  while (at != end) {
    if (scan::is_space(*at)) {
      out.append(kept, at);
      while (at != end && scan::is_space(*at)) ++at;
      kept = at;
    } else if (*at == '"') {
      for (++at; at != end && *at != '"';) {
        if (*at == '\\' && end - at > 1) ++at;
        ++at;
        if (at != end && *at != '"' && *at != '\\') at = scan::plain_run(at, end);
      }
      if (at != end) ++at;
    } else {
      ++at;
    }
  }
  out.append(kept, end);
}

}  // namespace pluv::json
