// A request while an engine knows it.
#pragma once

#include <set>
#include <tuple>
#include <vector>

#include "serving/engine/traffic.hpp"

namespace headway::serving {

struct Live {
    Live(const Traffic& traffic, Int number, Int block_tokens)
        : request(number), contents(traffic.contents(number, block_tokens)) {}

    bool speaks_next(Int tokens) const { return computed + tokens == target; }

    // One more token for a sequence that has spoken before and misses none.
    bool decodes() const { return generated > 0 && computed == target - 1; }

    Int request;
    Contents contents;
    double arrival_s = 0;
    double key = 0;
    Int priority = 0;
    Int prompt = 0;
    Int longest = 0;   // prompt and all that was asked for
    Int output = 0;    // tokens after which it ends
    Int computed = 0;  // tokens in the cache
    Int generated = 0;
    Int target = 0;    // tokens that must be in the cache before it can speak
    Int granted = 0;   // tokens of the step that is composed or under way
    Int kept = 0;      // tokens whose cache lies elsewhere and comes back at admission
    bool swapped = false;     // elsewhere is the host
    bool leaving = false;     // withdrawn while in a batch under way
    Int computed_before = 0;  // that an eviction threw away
    Int first_step = ABSENT;  // of the segment of speech
    Int last_step = ABSENT;
    bool busy = false;        // in a batch under way, or its cache is being loaded
    bool has_started = false;
    Int named_in = 0;  // question of admission whose answer it was in last
    std::vector<std::int32_t> blocks;
    Int learned = 0;  // of them, those whose content the pool knows
    std::vector<std::int32_t> remains;  // blocks it held before an eviction
};

// The waiting ones, smallest key first.
using Waiting = std::set<std::tuple<double, Int, std::int32_t>>;

}  // namespace headway::serving
