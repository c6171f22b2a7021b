#include "solve/agenda.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace headway {

bool Agenda::later(const Entry& a, const Entry& b) {
    return std::tie(a.key, a.unit) > std::tie(b.key, b.unit);
}

void Agenda::push(double key, Int unit) {
    const Entry entry{key, unit};
    if (alpha_ > 0) {
        const auto sooner = [](const Entry& a, const Entry& b) { return later(b, a); };
        entries_.insert(std::ranges::upper_bound(entries_, entry, sooner), entry);
    } else {
        entries_.push_back(entry);
        std::ranges::push_heap(entries_, later);
    }
}

Int Agenda::pop() {
    if (alpha_ > 0) {
        return sample();
    }
    std::ranges::pop_heap(entries_, later);
    const Int unit = entries_.back().unit;
    entries_.pop_back();
    return unit;
}

// Chances grow with regret, the amount by which a key is better than the worst one, scaled so that
// the best of n candidates is n^alpha times as likely as the worst.
Int Agenda::sample() {
    const auto n = entries_.size();
    const double best = entries_.front().key;
    double worst = best;
    for (const Entry& entry : entries_) {
        worst = std::isfinite(entry.key) ? std::max(worst, entry.key) : worst;
    }
    const double spread = std::isfinite(worst - best) ? worst - best : 0.0;
    chances_.clear();
    double total = 0.0;
    for (const Entry& entry : entries_) {
        const bool counts = spread > 0 && std::isfinite(entry.key);
        const double regret = counts ? (worst - entry.key) / spread : 0.0;
        total += std::pow(1.0 + static_cast<double>(n - 1) * regret, alpha_);
        chances_.push_back(total);
    }
    const double draw = random_.next() * total;
    const auto at = std::min<std::ptrdiff_t>(
        std::ranges::upper_bound(chances_, draw) - chances_.begin(),
        static_cast<std::ptrdiff_t>(n) - 1);
    const Int unit = entries_[static_cast<std::size_t>(at)].unit;
    entries_.erase(entries_.begin() + at);
    return unit;
}

}  // namespace headway
