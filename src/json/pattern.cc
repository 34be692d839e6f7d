#include "json/pattern.h"

#include <cstring>
#include <string>

#include "json/scan.h"

namespace pluv::json {
namespace {

using pattern_detail::Instruction;
using pattern_detail::kInstructionsMax;
using pattern_detail::Op;
using pattern_detail::Program;
using pattern_detail::Range;

// The states that the automaton may be in at once, each at most once, none in need of a search.
struct States {
  std::uint16_t list[kInstructionsMax + 1];
  std::size_t count = 0;
};

class Simulation {
 public:
  explicit Simulation(const Program& program) noexcept : program_(program) {
    std::memset(marks_, 0, program.code.size() * sizeof marks_[0]);
  }

  bool run(std::string_view text) noexcept {
    States* now = &states_[0];
    States* next = &states_[1];
    const char* at = text.data();
    const char* const end = at + text.size();
    generation_ = 1;
    for (;;) {
      // A match may begin at every place; marks keep a state from being entered twice.
      if (enter(0, *now, at == text.data(), at == end)) return true;
      if (at == end) return false;
      const std::uint32_t point = take_point(at, end);
      ++generation_;
      next->count = 0;
      for (std::size_t i = 0; i < now->count; ++i) {
        const std::uint16_t state = now->list[i];
        if (accepts(program_.code[state], point) && enter(state + 1u, *next, false, at == end)) {
          return true;
        }
      }
      States* const last = now;
      now = next;
      next = last;
    }
  }

 private:
  static std::uint32_t take_point(const char*& at, const char* end) noexcept {
    const int size = scan::utf8_size(at, end);
    const auto lead = static_cast<std::uint8_t>(*at++);
    if (size == 0) return 0xfffd;
    if (size == 1) return lead;
    std::uint32_t point = lead & (0x7fu >> size);
    for (int i = 1; i < size; ++i) point = point << 6 | (static_cast<std::uint8_t>(*at++) & 0x3fu);
    return point;
  }

  [[nodiscard]] bool accepts(const Instruction& instruction, std::uint32_t point) const noexcept {
    if (instruction.op == Op::point) return static_cast<std::uint32_t>(instruction.a) == point;
    const Range* const ranges = program_.ranges.data() + instruction.a;
    for (std::int32_t i = 0; i < instruction.b; ++i) {
      if (point >= ranges[i].first && point <= ranges[i].last) return !instruction.negated;
    }
    return instruction.negated;
  }

  // Follows jumps from `start` and adds the states that wait for a character. True on a match.
  bool enter(std::size_t start, States& states, bool at_begin, bool at_end) noexcept {
    std::size_t depth = 0;
    const auto push = [&](std::size_t state) {
      if (marks_[state] == generation_) return;
      marks_[state] = generation_;
      stack_[depth++] = static_cast<std::uint16_t>(state);
    };
    push(start);
    while (depth > 0) {
      const std::size_t state = stack_[--depth];
      const Instruction& instruction = program_.code[state];
      const auto target = [state](std::int32_t offset) {
        return static_cast<std::size_t>(static_cast<std::ptrdiff_t>(state) + offset);
      };
      switch (instruction.op) {
        case Op::match: return true;
        case Op::jump: push(target(instruction.a)); break;
        case Op::split:
          push(target(instruction.a));
          push(target(instruction.b));
          break;
        case Op::begin:
          if (at_begin) push(state + 1);
          break;
        case Op::end:
          if (at_end) push(state + 1);
          break;
        default: states.list[states.count++] = static_cast<std::uint16_t>(state); break;
      }
    }
    return false;
  }

  const Program& program_;
  std::uint32_t generation_ = 0;  // a mark of this value: entered in this step
  States states_[2];
  std::uint16_t stack_[kInstructionsMax + 1];
  std::uint32_t marks_[kInstructionsMax + 1];
};

}  // namespace

Result<Pattern> Pattern::compile(std::string_view text) {
  Pattern pattern;
  pattern_detail::Compiler compiler(text, pattern.program_);
  if (const char* const reason = compiler.compile(); reason != nullptr) {
    return Error{ErrorCode::invalid, std::string(reason) + " at byte " +
                                         std::to_string(compiler.offset()) + " of the pattern"};
  }
  return pattern;
}

bool Pattern::matches(std::string_view text) const noexcept {
  return Simulation(program_).run(text);
}

}  // namespace pluv::json
