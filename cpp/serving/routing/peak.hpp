// The most memory that the requests of an engine will hold at once, answers as long as in the past.
#pragma once

#include <span>
#include <vector>

#include "base.hpp"

namespace headway::serving {

// A request that was sent to an engine, as numpy has it: a row of doubles.
struct SentRequest {
    double prompt_tokens;
    double sent_s;
    double limit_tokens;
    double quantile;  // among answers, in [0, 1)
    double kind;
    double is_whole;
};

// Lengths of the answers of a kind of requests, ascending, at least one.
struct PastAnswers {
    double kind;
    Ints lengths;
};

class PeakDemand {
public:
    // Tokens, where each request has said so many a second since it was sent. Requests of kinds that
    // are not in `kinds` are like those of `all`.
    Int expected(std::span<const SentRequest> requests, std::span<const PastAnswers> kinds,
                 Ints all, double now_s, double tokens_per_s);

private:
    struct Future {
        Int left, used;
    };
    std::vector<Future> futures_;
};

}  // namespace headway::serving
