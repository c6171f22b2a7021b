#include "serving/routing/peak.hpp"

#include <algorithm>
#include <cmath>

namespace headway::serving {
namespace {

constexpr Int NO_LIMIT = (Int{1} << 31) - 1;

// The quantile of final lengths, given what has been said: linear through that, all longer lengths
// of the past, and the limit if it is larger still.
Int final_length(Ints past, Int said, Int limit, double quantile) {
    const auto first = std::upper_bound(past.begin(), past.end(), said);
    const Int longer = past.end() - first;
    const Int longest = longer > 0 ? past.back() : said;
    const Int last = longer + (limit > longest && limit != NO_LIMIT);
    const double position = quantile * static_cast<double>(last);
    const Int below = static_cast<Int>(position);
    const auto value = [&](Int index) {
        return index == 0 ? said : index > longer ? limit : *(first + (index - 1));
    };
    const Int low = value(below), high = value(std::min(below + 1, last));
    return static_cast<Int>(std::nearbyint(static_cast<double>(low) +
                                           static_cast<double>(high - low) *
                                               (position - static_cast<double>(below))));
}

}  // namespace

Int PeakDemand::expected(std::span<const SentRequest> requests,
                         std::span<const PastAnswers> kinds, Ints all, double now_s,
                         double tokens_per_s) {
    futures_.clear();
    for (const SentRequest& one : requests) {
        const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const PastAnswers& past) {
            return past.kind == one.kind;
        });
        const auto limit = static_cast<Int>(one.limit_tokens);
        const Int said =
            std::min(static_cast<Int>((now_s - one.sent_s) * tokens_per_s), limit);
        const Int length =
            final_length(found == kinds.end() ? all : found->lengths, said, limit, one.quantile);
        futures_.push_back(
            {std::max(length - said, Int{0}), static_cast<Int>(one.prompt_tokens) + said});
    }
    std::sort(futures_.begin(), futures_.end(),
              [](const Future& a, const Future& b) { return a.left > b.left; });
    Int used = 0, alive = 0, peak = 0;
    for (const Future& one : futures_) {
        used += one.used;
        peak = std::max(peak, used + ++alive * one.left);
    }
    return peak;
}

}  // namespace headway::serving
