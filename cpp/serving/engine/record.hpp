// What an engine did, step by step.
#pragma once

#include <vector>

#include "base.hpp"

namespace headway::serving {

// One row a forward pass.
struct Steps {
    std::vector<double> start_s, end_s;
    std::vector<std::int32_t> prefill_tokens, decodes, sequences, running, waiting, used_blocks;
    std::vector<double> extra_tokens;  // parts of tokens, where only some layers have run

    Int size() const { return static_cast<Int>(start_s.size()); }
};

// A request says one token at the end of every step from first to last.
struct Segments {
    std::vector<std::int32_t> request;
    std::vector<Int> first_step, last_step;
};

}  // namespace headway::serving
