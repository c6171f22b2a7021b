#include "search/max_lags/decoder.hpp"

#include <algorithm>

namespace headway::search::max_lags {
namespace {

// A pass is given up after so many delays per task.
constexpr std::size_t DELAYS_PER_TASK = 2;

}  // namespace

Decoder::Decoder(const LagProject& project, const StopFlag& stop)
    : project_(&project), stop_(&stop), profile_(project.work()) {
    const std::size_t n = at(project.n_tasks());
    for (auto* column : {&point_, &floor_, &earliest_, &latest_}) {
        column->resize(n);
    }
    placed_.resize(n);
    delayed_.reserve(n);
}

bool Decoder::forward(std::span<const Index> order, Plan& plan) {
    direction_ = {};
    if (!pass<false>(order)) {
        return false;
    }
    plan.makespan = 0;
    for (Index i = 0; i < project_->n_tasks(); ++i) {
        plan.start[at(i)] = point_[at(i)];
        plan.makespan = std::max(plan.makespan, point_[at(i)] + project_->duration(i));
    }
    return true;
}

bool Decoder::backward(std::span<const Index> order, Time turn, Plan& plan) {
    direction_ = {true, turn};
    if (!pass<true>(order)) {
        return false;
    }
    plan.makespan = std::ranges::max(point_);
    std::ranges::transform(point_, plan.start.begin(), [&](Time point) { return turn - point; });
    return true;
}

template <bool reversed>
bool Decoder::pass(std::span<const Index> order) {
    floor_ = reversed ? project_->tail() : project_->head();
    std::ranges::fill(placed_, 0);
    delayed_.clear();
    restore<reversed>();
    std::size_t delays = DELAYS_PER_TASK * order.size();
    for (std::size_t k = 0; k < order.size();) {
        const Index task = order[k];
        if (placed_[at(task)]) {
            ++k;
            continue;
        }
        const Time point = find<reversed>(task);
        if (point <= latest_[at(task)] && point < LONGEST) {
            fix<reversed>(task, point);
            ++k;
        } else if (point < LONGEST && delays > 0 && !stop_->is_set()) {
            --delays;
            delay<reversed>(task, point);
            k = 0;
        } else {
            blamed_ = task;
            return false;
        }
    }
    return !stop_->is_set();
}

// The first point at which there is enough of everything; LONGEST or more if there is none.
template <bool reversed>
Time Decoder::find(Index task) const {
    const Time length = project_->duration(task), shift = reversed ? length : 0;
    const Time from = earliest_[at(task)];
    if (length == 0 || from >= LONGEST) {
        return from;
    }
    return profile_.earliest(from - shift, length, project_->work().need(task)) + shift;
}

template <bool reversed>
void Decoder::fix(Index task, Time point) {
    const Time length = project_->duration(task);
    if (length > 0) {
        profile_.take(reversed ? point - length : point, length, project_->work().need(task));
    }
    point_[at(task)] = point;
    placed_[at(task)] = 1;
    const Time* after = reversed ? project_->ahead(task) : project_->behind(task);
    const Time* before = reversed ? project_->behind(task) : project_->ahead(task);
    for (std::size_t j = 0; j < point_.size(); ++j) {
        earliest_[j] = std::max(earliest_[j], point + after[j]);
        latest_[j] = std::min(latest_[j], point - before[j]);
    }
}

// Delays what keeps a task from that point, and takes what comes later from its place.
template <bool reversed>
void Decoder::delay(Index task, Time point) {
    const Time* after = reversed ? project_->ahead(task) : project_->behind(task);
    const auto hinders = [&](std::size_t j) {
        return placed_[j] && point_[j] < point + after[j];
    };
    Time first = LONGEST;
    for (std::size_t j = 0; j < point_.size(); ++j) {
        if (hinders(j)) {
            floor_[j] = std::max(floor_[j], point + after[j]);
            first = std::min(first, point_[j]);
            if (std::ranges::find(delayed_, static_cast<Index>(j)) == delayed_.end()) {
                delayed_.push_back(static_cast<Index>(j));
            }
        }
    }
    for (std::size_t j = 0; j < point_.size(); ++j) {
        if (hinders(j) || point_[j] > first) {
            placed_[j] = 0;
        }
    }
    restore<reversed>();
}

// Brings profile and bounds back to what is placed and to the delays so far.
template <bool reversed>
void Decoder::restore() {
    profile_.clear(direction_);
    earliest_ = floor_;
    std::ranges::fill(latest_, LONGEST);
    for (const Index task : delayed_) {
        const Time* after = reversed ? project_->ahead(task) : project_->behind(task);
        for (std::size_t j = 0; j < earliest_.size(); ++j) {
            earliest_[j] = std::max(earliest_[j], floor_[at(task)] + after[j]);
        }
    }
    for (Index task = 0; task < project_->n_tasks(); ++task) {
        if (placed_[at(task)]) {
            fix<reversed>(task, point_[at(task)]);
        }
    }
}

}  // namespace headway::search::max_lags
