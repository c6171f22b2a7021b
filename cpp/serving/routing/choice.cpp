#include "serving/routing/choice.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace headway::serving {
namespace {

constexpr double EQUAL = 1e-9;  // values that differ by less are the same

}  // namespace

const std::vector<Int>& Choice::best(Flags among, std::span<const Ranking> rankings,
                                     bool strictly) {
    left_.clear();
    for (std::size_t i = 0; i < among.size(); ++i) {
        if (among[i]) {
            left_.push_back(static_cast<Int>(i));
        }
    }
    total_.assign(left_.size(), 0.0);
    for (const Ranking& ranking : rankings) {
        if (left_.size() < 2) {
            break;
        }
        normalise(ranking);
        if (strictly) {
            total_ = share_;
            keep_top();
        } else {
            for (std::size_t i = 0; i < left_.size(); ++i) {
                total_[i] += ranking.weight * share_[i];
            }
        }
    }
    if (!strictly) {
        keep_top();
    }
    return left_;
}

void Choice::normalise(const Ranking& ranking) {
    constexpr double INFINITE = std::numeric_limits<double>::infinity();
    double low = INFINITE, high = -INFINITE;
    share_.resize(left_.size());
    for (std::size_t i = 0; i < left_.size(); ++i) {
        share_[i] = ranking.scores[static_cast<std::size_t>(left_[i])];
        if (std::isfinite(share_[i])) {
            low = std::min(low, share_[i]);
            high = std::max(high, share_[i]);
        }
    }
    for (double& share : share_) {
        if (!std::isfinite(share)) {
            share = 0;
        } else if (high == low) {
            share = 1;
        } else {
            share = (share - low) / (high - low);
            share = ranking.largest ? share : 1 - share;
            if (std::isnan(share)) {  // the range itself is too large for a number
                share = 0;
            }
        }
    }
}

void Choice::keep_top() {
    if (left_.empty()) {
        return;
    }
    const double least = *std::max_element(total_.begin(), total_.end()) - EQUAL;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < left_.size(); ++i) {
        if (total_[i] >= least) {
            left_[kept++] = left_[i];
        }
    }
    left_.resize(kept);
}

}  // namespace headway::serving
