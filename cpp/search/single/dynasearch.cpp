#include "search/single/dynasearch.hpp"

#include <utility>

namespace headway::search::single {

namespace {

// Positions times the reach of moves, so that a step on a long sequence takes milliseconds.
constexpr std::size_t PAIRS = 200'000;
constexpr std::size_t SHORTEST_REACH = 50;

}  // namespace

Dynasearch::Dynasearch(const Line& line) : line_(&line) {
    const auto n = static_cast<std::size_t>(line.size());
    reach_ = std::max(SHORTEST_REACH, PAIRS / std::max(n, std::size_t{1}));
    for (std::vector<Int>* column :
         {&work_, &due_, &per_tick_, &per_late_, &if_late_, &end_, &cost_, &forward_}) {
        column->resize(n);
    }
    step_.resize(n + 1);
    for (Index j = 0; j < line.size(); ++j) {
        only_tardiness_ =
            only_tardiness_ && line.job(j).per_tick == 0 && line.job(j).if_late == 0;
    }
}

void Dynasearch::load(std::span<const Index> order) {
    Int now = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        const Job& job = line_->job(order[i]);
        now += job.work;
        work_[i] = job.work;
        due_[i] = job.due;
        per_tick_[i] = job.per_tick;
        per_late_[i] = job.per_late;
        if_late_[i] = job.if_late;
        end_[i] = now;
        cost_[i] = job.cost(now);
    }
}

Int Dynasearch::gain_between(std::size_t i, std::size_t j, Int shift) const {
    Int before = 0, after = 0;
    if (only_tardiness_) {
        for (std::size_t k = i + 1; k < j; ++k) {
            before += cost_[k];
            after += per_late_[k] * std::max(Int{0}, end_[k] + shift - due_[k]);
        }
    } else {
        for (std::size_t k = i + 1; k < j; ++k) {
            before += cost_[k];
            after += cost(k, end_[k] + shift);
        }
    }
    return before - after;
}

bool Dynasearch::improve(std::vector<Index>& order, const StopFlag& stop) {
    const std::size_t n = order.size();
    // step_[j + 1]: the best that can be gained by moves within positions 0 to j.
    std::fill(forward_.begin(), forward_.end(), 0);
    for (std::size_t j = 0; j < n; ++j) {
        Step best{step_[j].gain, j, Kind::STAY};
        Int backward = 0;
        const std::size_t nearest = j > reach_ ? j - reach_ : 0;
        for (std::size_t i = j; i-- > nearest;) {
            const Int begin = end_[i] - work_[i], open = step_[i].gain;
            const auto consider = [&](Int gain, Kind kind) {
                if (open + gain > best.gain) {
                    best = {open + gain, i, kind};
                }
            };
            const Int i_last = cost_[i] - cost(i, end_[j]);
            const Int j_first = cost_[j] - cost(j, begin + work_[j]);
            forward_[i] += cost_[j] - cost(j, end_[j] - work_[i]);
            consider(forward_[i] + i_last, Kind::FORWARD);
            backward += cost_[i] - cost(i, end_[i] + work_[j]);
            if (i + 1 < j) {  // of neighbours, both insertions and the swap are the same
                consider(backward + j_first, Kind::BACKWARD);
                // Between the two, jobs gain at most what the better insertion gives them.
                const Int shift = work_[j] - work_[i];
                const Int most = shift < 0 ? forward_[i] : Int{0};
                if (open + i_last + j_first + most > best.gain) {
                    consider(i_last + j_first + gain_between(i, j, shift), Kind::SWAP);
                }
            }
        }
        step_[j + 1] = best;
        if (stop.is_set()) {
            return false;
        }
    }
    if (step_[n].gain <= 0) {
        return false;
    }
    for (std::size_t j = n; j > 0;) {
        const Step& step = step_[j];
        const auto first = order.begin() + static_cast<std::ptrdiff_t>(step.from);
        const auto last = order.begin() + static_cast<std::ptrdiff_t>(j) - 1;
        switch (step.kind) {
            case Kind::STAY: --j; continue;
            case Kind::SWAP: std::iter_swap(first, last); break;
            case Kind::FORWARD: std::rotate(first, first + 1, last + 1); break;
            case Kind::BACKWARD: std::rotate(first, last, last + 1); break;
        }
        j = step.from;
    }
    return true;
}

Int Dynasearch::descend(std::vector<Index>& order, const StopFlag& stop) {
    load(order);
    while (improve(order, stop)) {
        load(order);
    }
    return line_->value(order);
}

}  // namespace headway::search::single
