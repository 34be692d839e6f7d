#include "room/yjs_document.h"

#include <utility>
#include <vector>

#include "ycrdt/lazy_doc.h"
#include "ycrdt/updates.h"

namespace pluv::room {
namespace {

// yjs draws 32 bits, and clients that read a client id as a small integer are many.
constexpr std::uint64_t kWriterMask = 0xffff'ffff;

class YjsDocument final : public Document {
 public:
  explicit YjsDocument(ycrdt::LazyDocOptions options)
      : limits_(options.doc.limits), lazy_(std::move(options)) {}

  Result<std::string> apply(std::string_view update) override { return lazy_.apply_update(update); }

  Result<void> load(std::string_view update) override {
    lazy_.set_limits(kStoredLimits);
    const Result<std::string> added = lazy_.apply_update(update);
    lazy_.set_limits(limits_);
    if (!added.ok()) return added.error();
    return {};
  }

  Result<std::size_t> new_bytes(std::string_view update) const override {
    const auto added = ycrdt::diff_update(update, lazy_.state_vector(), limits_);
    if (!added.ok()) return added.error();
    return added->size();
  }

  Result<bool> contains(std::string_view update) override { return lazy_.contains_update(update); }

  Result<void*> begin_edit() override {
    const Result<ycrdt::Doc*> made = lazy_.doc();
    if (!made) return made.error();
    editing_ = *made;
    edits_.clear();
    observing_ = editing_->on_update([this](std::string_view update, const ycrdt::Transaction&) {
      edits_.emplace_back(update);
    });
    return static_cast<void*>(editing_);
  }

  std::string end_edit() override {
    editing_->unobserve(observing_);
    editing_ = nullptr;
    if (edits_.empty()) return {};
    if (edits_.size() == 1) return std::move(edits_.front());
    Result<std::string> merged = merge(edits_);
    PLUV_ASSERT(merged.ok());  // our own writing
    return std::move(*merged);
  }

  std::size_t waiting_bytes() const override { return lazy_.pending_bytes(); }

  bool empty() const override { return lazy_.state_vector().entries().empty(); }

  std::string encode() override { return lazy_.encode_state_as_update(); }

  std::string encode_to_send() override { return lazy_.encode_without_pending(); }

  std::vector<std::string> copy() const override { return lazy_.copy(); }

  std::string state() const override { return lazy_.encode_state_vector(); }

  std::string encode_since(std::string_view state) override {
    const auto known = ycrdt::decode_state_vector(state, kNoLimits);
    PLUV_ASSERT(known.ok());  // what state() has answered
    return lazy_.encode_without_pending(*known);
  }

  std::size_t memory_bytes() const override { return lazy_.memory_bytes(); }

  void rest() override { (void)lazy_.unload(); }  // stays when updates wait in it

  static Result<std::string> merge(std::span<const std::string> updates) {
    const std::vector<std::string_view> views(updates.begin(), updates.end());
    return ycrdt::merge_updates(views, {.coalesce_text = true, .limits = kNoLimits});
  }

 private:
  static constexpr ycrdt::UpdateLimits kNoLimits{.update_bytes_max = SIZE_MAX,
                                                 .clients_max = SIZE_MAX,
                                                 .structs_max = SIZE_MAX,
                                                 .value_depth_max = SIZE_MAX};
  // Of what was stored: it kept to a client's limits, a part at a time.
  static constexpr ycrdt::UpdateLimits kStoredLimits{
      .update_bytes_max = SIZE_MAX,
      .clients_max = SIZE_MAX,
      .structs_max = SIZE_MAX,
      .value_depth_max = SIZE_MAX,
      .pending_bytes_max = SIZE_MAX,
      .work_base = ycrdt::LazyDocOptions().load_work_base};

  ycrdt::UpdateLimits limits_;
  ycrdt::LazyDoc lazy_;
  ycrdt::Doc* editing_ = nullptr;
  ycrdt::Subscription observing_;
  std::vector<std::string> edits_;
};

class YjsStorage final : public StorageKind {
 public:
  explicit YjsStorage(ycrdt::UpdateLimits limits) : limits_(limits) {}

  std::unique_ptr<Document> make(std::uint64_t writer) const override {
    ycrdt::LazyDocOptions options;
    options.doc.client_id = writer & kWriterMask;
    options.doc.hash_seed = writer;
    options.doc.clean_formatting = false;
    options.doc.limits = limits_;
    return std::make_unique<YjsDocument>(std::move(options));
  }

  Result<std::string> merge(std::span<const std::string> updates) const override {
    return YjsDocument::merge(updates);
  }

 private:
  ycrdt::UpdateLimits limits_;
};

}  // namespace

std::shared_ptr<const StorageKind> yjs_storage(ycrdt::UpdateLimits limits) {
  return std::make_shared<const YjsStorage>(limits);
}

}  // namespace pluv::room
