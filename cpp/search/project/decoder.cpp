#include "search/project/decoder.hpp"

#include <algorithm>

#include "search/project/profile.hpp"

namespace headway::search::project {
namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

template <class Profile>
class SerialDecoder final : public Decoder {
public:
    SerialDecoder(const Project& project, const StopFlag& stop)
        : project_(&project),
          stop_(&stop),
          profile_(project),
          finish_(at(project.n_tasks())),
          length_(at(project.n_tasks())),
          spent_(project.n_budgets()) {}

    bool forward(std::span<const Index> order, bool choose, Plan& plan) override {
        profile_.clear({});
        if (!pass<false>(project_->forward(), order, choose, plan)) {
            return false;
        }
        for (std::size_t i = 0; i < finish_.size(); ++i) {
            plan.start[i] = finish_[i] - length_[i];
        }
        return true;
    }

    bool backward(std::span<const Index> order, bool choose, Time turn, Plan& plan) override {
        profile_.clear({true, turn});
        if (!pass<true>(project_->backward(), order, choose, plan)) {
            return false;
        }
        for (std::size_t i = 0; i < finish_.size(); ++i) {
            plan.start[i] = turn - finish_[i];
        }
        return true;
    }

private:
    struct Place {
        Index mode;
        Time start, finish;
    };

    template <bool reversed>
    bool pass(const Network& network, std::span<const Index> order, bool choose, Plan& plan) {
        for (std::size_t i = 0; i < length_.size(); ++i) {
            length_[i] = project_->duration(plan.mode[i]);
        }
        const bool pick = choose && project_->multi_mode();
        if (pick) {
            count_spending(plan);
        }
        Time makespan = 0;
        for (const Index i : order) {
            const Time release = reversed ? 0 : project_->release(i);
            const Index current = plan.mode[at(i)];
            Place place = find(network, i, current, release);
            if (pick) {
                place = better(network, i, release, place);
                settle_spending(current, place.mode);
                plan.mode[at(i)] = place.mode;
            }
            if (place.start >= LONGEST || stop_->is_set()) {
                return false;
            }
            length_[at(i)] = place.finish - place.start;
            profile_.take(place.start, length_[at(i)], project_->need(place.mode));
            finish_[at(i)] = place.finish;
            makespan = std::max(makespan, place.finish);
        }
        plan.makespan = makespan;
        return true;
    }

    Place find(const Network& network, Index task, Index mode, Time from) const {
        const Time length = project_->duration(mode);
        for (const Link& link : network[task]) {
            const Time point = finish_[at(link.task)] - (length_[at(link.task)] & link.from_start);
            from = std::max(from, point + link.lag - (length & link.to_end));
        }
        if (length > 0) {
            from = profile_.earliest(from, length, project_->need(mode));
        }
        return {mode, from, from + length};
    }

    Place better(const Network& network, Index task, Time release, Place best) const {
        const Index current = best.mode;
        for (Index m = project_->first_mode(task); m < project_->end_mode(task); ++m) {
            if (m != current && affordable(current, m)) {
                const Place place = find(network, task, m, release);
                if (place.finish < best.finish) {
                    best = place;
                }
            }
        }
        return best;
    }

    void count_spending(const Plan& plan) {
        std::ranges::fill(spent_, 0);
        for (const Index m : plan.mode) {
            for (std::size_t b = 0; b < spent_.size(); ++b) {
                spent_[b] += project_->spending(m)[b];
            }
        }
    }

    bool affordable(Index from, Index to) const {
        for (std::size_t b = 0; b < spent_.size(); ++b) {
            const Int more = project_->spending(to)[b] - project_->spending(from)[b];
            if (more > 0 && spent_[b] + more > project_->budget(b)) {
                return false;
            }
        }
        return true;
    }

    void settle_spending(Index from, Index to) {
        for (std::size_t b = 0; b < spent_.size(); ++b) {
            spent_[b] += project_->spending(to)[b] - project_->spending(from)[b];
        }
    }

    const Project* project_;
    const StopFlag* stop_;
    Profile profile_;
    std::vector<Time> finish_, length_;  // in the direction of the pass
    std::vector<Int> spent_;
};

}  // namespace

std::unique_ptr<Decoder> Decoder::make(const Project& project, const StopFlag& stop) {
    if (TickProfile::suits(project)) {
        return std::make_unique<SerialDecoder<TickProfile>>(project, stop);
    }
    return std::make_unique<SerialDecoder<StepProfile>>(project, stop);
}

Sorter::Sorter(const Project& project) {
    const std::size_t n = at(project.n_tasks());
    sorted_.resize(n);
    stack_.reserve(n);
    seen_.resize(n);
}

void Sorter::sort(const Network& network, std::span<const Time> key, std::vector<Index>& order) {
    by_key(key, order);
    settle(network, order);
}

void Sorter::by_key(std::span<const Time> key, std::vector<Index>& order) {
    const auto [low, high] = std::ranges::minmax(key);
    const auto range = static_cast<std::size_t>(high - low) + 1;
    if (range > 16 * order.size() + 1024) {
        std::ranges::stable_sort(order, {}, [&](Index i) { return key[at(i)]; });
        return;
    }
    count_.assign(range + 1, 0);
    for (const Index i : order) {
        ++count_[static_cast<std::size_t>(key[at(i)] - low) + 1];
    }
    for (std::size_t k = 0; k < range; ++k) {
        count_[k + 1] += count_[k];
    }
    for (const Index i : order) {
        sorted_[at(count_[static_cast<std::size_t>(key[at(i)] - low)]++)] = i;
    }
    order.swap(sorted_);
}

void Sorter::settle(const Network& network, std::vector<Index>& order) {
    if (++stamp_ == 0) {
        std::ranges::fill(seen_, 0);
        stamp_ = 1;
    }
    std::size_t size = 0;
    for (const Index first : order) {
        if (seen_[at(first)] == stamp_) {
            continue;
        }
        // What a task waits for comes first, however late it stands.
        stack_.push_back(first);
        while (!stack_.empty()) {
            const Index task = stack_.back();
            const auto links = network[task];
            const auto missing = std::ranges::find_if(
                links, [&](const Link& link) { return seen_[at(link.task)] != stamp_; });
            if (missing != links.end()) {
                stack_.push_back(missing->task);
                continue;
            }
            stack_.pop_back();
            seen_[at(task)] = stamp_;
            sorted_[size++] = task;
        }
    }
    order.swap(sorted_);
}

}  // namespace headway::search::project
