#include "search/flow/sum.hpp"

#include <algorithm>
#include <limits>

namespace headway::search::flow {
namespace {

constexpr Index CHECK_EVERY = 8;  // jobs between two looks at whether to give up

}  // namespace

SumSequence::SumSequence(const Shop& shop)
    : Sequence(shop),
      state_((at(shop.n_jobs()) + 1) * at(shop.n_machines())),
      cost_(at(shop.n_jobs()) + 1) {
    lanes_.free.resize(at(shop.n_machines()));
}

void SumSequence::changed(Index before, Index /*behind*/) { known_ = std::min(known_, before); }

Int SumSequence::cost(Index job, Time end) const {
    const Time late = end - shop().due(job);
    return late <= 0 ? 0 : shop().weight(job) * (shop().aim() == Aim::TARDY ? 1 : late);
}

Int SumSequence::value() {
    extend();
    return cost_before(size());
}

void SumSequence::extend() {
    for (; known_ < size(); ++known_) {
        const Index i = known_;
        const Time end = advance(
            shop(), job_before(i), job(i), [&](Index k) { return state_[state(i, k)]; },
            [&](Index k) -> Time& { return state_[state(i + 1, k)]; });
        cost_[at(i) + 1] = cost_before(i) + cost(job(i), end);
    }
}

Place SumSequence::best_place(Index job, Random& random) {
    extend();
    Place best{0, std::numeric_limits<Int>::max()};
    Index ties = 0;
    // The last places are the quickest to try and give a limit for the others.
    for (Index end = size() + 1; end > 0;) {
        const Index first = std::max(end - LANES, 0);
        try_places(job, first, end - first, best.value);
        for (Index i = first; i < end; ++i) {
            const Int value = lanes_.cost[at(i - first)];
            if (value < best.value) {
                ties = 0;
                best.value = value;
            }
            if (value == best.value && random.below(++ties) == 0) {
                best.at = i;
            }
        }
        end = first;
    }
    return best;
}

void SumSequence::try_places(Index job, Index first, Index count, Int limit) {
    for (LaneTimes& times : lanes_.free) {
        std::fill(&times[0] + count, &times[0] + LANES, 0);
    }
    for (Index lane = 0; lane < count; ++lane) {
        const Index place = first + lane;
        if (lane > 0 && place < size()) {
            // Lanes that have not begun come to no harm.
            advance_all(shop(), job_before(place), order().subspan(at(place), 1), lanes_);
        }
        begin(lane, place, job);
    }
    for (Index place = first + count; place < size(); place += CHECK_EVERY) {
        // With a job more, the ones behind it end no earlier, unless it saves setup time.
        const Int rest = shop().has_setups() ? 0 : cost_before(size()) - cost_before(place);
        const auto end = lanes_.cost.begin() + count;
        if (*std::min_element(lanes_.cost.begin(), end) + rest > limit) {
            std::for_each(lanes_.cost.begin(), end, [rest](Int& cost) { cost += rest; });
            return;
        }
        const Index jobs = std::min(CHECK_EVERY, size() - place);
        advance_all(shop(), job_before(place), order().subspan(at(place), at(jobs)), lanes_);
    }
}

void SumSequence::begin(Index lane, Index place, Index job) {
    const auto at_lane = [&](Index k) -> Time& {
        return lanes_.free[at(k)][lane];
    };
    Int& total = lanes_.cost[at(lane)];
    const Time end = advance(
        shop(), job_before(place), job, [&](Index k) { return state_[state(place, k)]; }, at_lane);
    total = cost_before(place) + cost(job, end);
    if (place < size()) {
        const Index next = this->job(place);
        total += cost(next, advance(shop(), job, next, at_lane, at_lane));
    }
}

}  // namespace headway::search::flow
