#include "simulate/chip/stream.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace headway::simulate::chip {
namespace {

void require(bool holds, const char* message) {
    if (!holds) {
        throw std::invalid_argument(message);
    }
}

}  // namespace

Stream::Stream(const Applications& applications, const FateTables& fate, const Settings& settings)
    : applications_(&applications),
      settings_(settings),
      gap_(fate.gap.begin(), fate.gap.end()),
      duration_(fate.duration.begin(), fate.duration.end()),
      random_(static_cast<std::uint64_t>(settings.seed)),
      elements_(at(applications.n_elements())),
      planner_(applications),
      available_(elements_.size()) {
    check(fate);
    wanted_.fill(true);
    for (const Int kind : fate.kind) {
        kind_.push_back(static_cast<Index>(kind));
    }
    for (Int k = 0; k < settings_.initial && jobs_.size() < kind_.size(); ++k) {
        inject();
    }
    next_arrival_ = gap_.empty() ? FOREVER : gap_[next_gap_++];
}

void Stream::check(const FateTables& fate) const {
    require(settings_.initial >= 0 && settings_.most_jobs > 0 && settings_.limit >= 0 &&
                settings_.length >= 0 && settings_.length <= LONGEST &&
                settings_.initial <= settings_.most_jobs,
            "chip: a setting is out of range");
    require(fate.kind.size() < (1U << 24), "chip: there are too many jobs");
    const auto p = static_cast<Int>(applications_->n_elements());
    Int rows = 0;
    std::size_t place = 0;
    for (const Int kind : fate.kind) {
        require(kind >= 0 && kind < applications_->n_kinds(), "chip: there is no such kind of job");
        rows += applications_->n_tasks(static_cast<Index>(kind));
    }
    require(static_cast<Int>(fate.duration.size()) == rows * p,
            "chip: expected a duration per task and element of every job");
    for (const Int kind : fate.kind) {
        const auto k = static_cast<Index>(kind);
        const Int* expected = applications_->duration(applications_->first(k));
        for (Int i = 0; i < applications_->n_tasks(k) * p; ++i, ++place) {
            const Int found = fate.duration[place];
            require(found <= LONGEST && (found >= 0) == (expected[i] >= 0),
                    "chip: a true duration is negative, too long, or where none is expected");
        }
    }
    for (const Int gap : fate.gap) {
        require(gap >= 0 && gap <= LONGEST, "chip: a gap is negative or too long");
    }
}

bool Stream::decide() {
    for (;;) {
        if (!settled_) {
            end_tasks();
            arrive();
            settled_ = true;
            waiting_ = false;
        }
        if (!waiting_ && !ready_.empty()) {
            describe();
            if (!candidates_.empty()) {
                return true;
            }
        }
        start_tasks();
        if (!advance()) {
            candidates_.clear();
            return false;
        }
        settled_ = false;
    }
}

void Stream::want(std::span<const Int> columns) {
    wanted_.fill(false);
    for (const Int column : columns) {
        wanted_[static_cast<std::size_t>(column)] = true;
    }
}

void Stream::commit(std::size_t candidate) {
    const Candidate chosen = candidates_[candidate];
    const Ready ready = ready_[at(chosen.position)];
    const std::size_t k = slot(ready.job, ready.task);
    outcomes_[k].element = chosen.element;
    elements_[at(chosen.element)].queue.push_back(
        {ready.job, ready.task, arrivals_[k * elements_.size() + at(chosen.element)]});
    ready_.erase(ready_.begin() + chosen.position);
}

void Stream::wait() { waiting_ = true; }

bool Stream::may_wait() const {
    return (next_arrival_ > now_ && next_arrival_ < settings_.length) ||
           std::ranges::any_of(elements_,
                               [](const Element& e) { return e.job >= 0 || !e.queue.empty(); });
}

void Stream::end_tasks() {
    for (Element& element : elements_) {
        if (element.job < 0 || element.end != now_) {
            continue;
        }
        Job& job = jobs_[at(element.job)];
        outcomes_[slot(element.job, element.task)].end = now_;
        for (const auto& edge : applications_->outgoing(element.task)) {
            if (--blockers_[slot(element.job, edge.source)] == 0) {
                enable(element.job, edge.source);
            }
        }
        if (--job.left == 0) {
            job.completion = now_;
            --in_system_;
        }
        element.job = -1;
    }
}

// An arrival that finds the system full waits for a place, or for another gap.
void Stream::arrive() {
    while (next_arrival_ <= now_) {
        Int from = now_;
        if (in_system_ < settings_.most_jobs) {
            if (jobs_.size() == kind_.size()) {
                next_arrival_ = FOREVER;
                return;
            }
            inject();
        } else if (settings_.lost_gap) {
            ++from;
        } else {
            return;
        }
        next_arrival_ = next_gap_ < gap_.size() ? from + gap_[next_gap_++] : FOREVER;
    }
}

void Stream::inject() {
    const auto id = static_cast<Index>(jobs_.size());
    const Index kind = kind_[jobs_.size()];
    const Index n = applications_->n_tasks(kind);
    const Index first = applications_->first(kind);
    jobs_.push_back({kind, now_, ABSENT, n, static_cast<Int>(outcomes_.size())});
    outcomes_.resize(outcomes_.size() + at(n));
    arrivals_.resize(outcomes_.size() * elements_.size(), now_);
    ++in_system_;
    for (Index task = first; task < first + n; ++task) {
        const auto parents = static_cast<Index>(applications_->incoming(task).size());
        blockers_.push_back(parents);
        if (parents == 0) {
            ready_.push_back({id, task});
        }
    }
}

// Its parents have ended: from now on it is known when its data is where.
void Stream::enable(Index job, Index task) {
    Int* arrival = arrivals_.data() + slot(job, task) * elements_.size();
    for (const auto& edge : applications_->incoming(task)) {
        const Outcome& parent = outcomes_[slot(job, edge.source)];
        const Int* delay = applications_->delay(edge.number, parent.element);
        for (std::size_t p = 0; p < elements_.size(); ++p) {
            arrival[p] = std::max(arrival[p], parent.end + delay[p]);
        }
    }
    ready_.push_back({job, task});
}

// A free element takes the first of its tasks whose data is there.
void Stream::start_tasks() {
    for (std::size_t p = 0; p < elements_.size(); ++p) {
        Element& element = elements_[p];
        if (element.job >= 0) {
            continue;
        }
        const auto next = std::ranges::find_if(
            element.queue, [&](const Queued& queued) { return queued.stamp <= now_; });
        if (next == element.queue.end()) {
            continue;
        }
        element.job = next->job;
        element.task = next->task;
        const std::size_t k = slot(next->job, next->task);
        element.expected = now_ + applications_->duration(next->task)[p];
        element.end = now_ + duration_[k * elements_.size() + p];
        outcomes_[k].start = now_;
        element.queue.erase(next);
    }
}

bool Stream::advance() {
    Int next = std::min(next_arrival_ > now_ ? next_arrival_ : FOREVER, next_room());
    for (const Element& element : elements_) {
        if (element.job >= 0) {
            next = std::min(next, element.end);
        } else {
            for (const Queued& queued : element.queue) {
                next = std::min(next, queued.stamp);
            }
        }
    }
    if (next >= settings_.length) {
        return false;
    }
    now_ = next;
    return true;
}

// When an element may be given more that could not before, although nothing else happens.
Int Stream::next_room() const {
    Int next = FOREVER;
    for (std::size_t p = 0; p < elements_.size(); ++p) {
        const bool wanted = std::ranges::any_of(ready_, [&](const Ready& ready) {
            return applications_->duration(ready.task)[p] >= 0;
        });
        const Int room = available(p) - settings_.limit;
        if (wanted && (room > now_ || !waiting_)) {
            // What has just begun may have made room that no decision has seen.
            next = std::min(next, std::max(room, now_ + 1));
        }
    }
    return next;
}

// When an element would be free, by expected durations and in the order of its queue.
Int Stream::available(std::size_t element) const {
    const Element& e = elements_[element];
    // What has not ended by now takes another tick at least.
    Int free = e.job >= 0 ? std::max(e.expected, now_ + 1) : now_;
    for (const Queued& queued : e.queue) {
        free = std::max(free, queued.stamp) + applications_->duration(queued.task)[element];
    }
    return free;
}

// When a ready task would end on an element, from now on.
Int Stream::finish(const Ready& ready, std::size_t element) const {
    const Int arrival = arrivals_[slot(ready.job, ready.task) * elements_.size() + element];
    return std::max(arrival, available_[element]) + applications_->duration(ready.task)[element] -
           now_;
}

Stream::Ends Stream::ends(const Ready& ready) const {
    Ends found{FOREVER, FOREVER, 0};
    for (std::size_t p = 0; p < elements_.size(); ++p) {
        if (applications_->duration(ready.task)[p] >= 0) {
            const Int end = finish(ready, p);
            found.second = std::min(found.second, std::max(found.best, end));
            if (end < found.best) {
                found.best = end;
                found.element = p;
            }
        }
    }
    found.second = found.second == FOREVER ? found.best : found.second;
    return found;
}

// What the ready task that needs an element most, besides one, loses if it is taken from it.
Int Stream::rival(std::size_t position, std::size_t element) const {
    Int most = 0;
    for (std::size_t k = 0; k < ends_.size(); ++k) {
        if (k != position && ends_[k].element == element) {
            most = std::max(most, ends_[k].second - ends_[k].best);
        }
    }
    return most;
}

// Where the static plan has a task; jobs are planned when that is first asked.
const Planner::Place& Stream::planned(const Ready& ready) {
    while (planner_.n_jobs() <= ready.job) {
        const Job& job = jobs_[at(planner_.n_jobs())];
        planner_.add(job.kind, job.arrival);
    }
    return planner_.place(slot(ready.job, ready.task));
}

void Stream::describe() {
    candidates_.clear();
    values_.clear();
    for (std::size_t p = 0; p < elements_.size(); ++p) {
        available_[p] = available(p);
    }
    if (wanted(Column::PRECEDENCE)) {
        order_by_rank();
    }
    double span = 1;
    ends_.clear();
    for (const Ready& ready : ready_) {
        ends_.push_back(ends(ready));
    }
    for (std::size_t k = 0; k < ready_.size(); ++k) {
        for (std::size_t p = 0; p < elements_.size(); ++p) {
            if (applications_->duration(ready_[k].task)[p] >= 0 &&
                available_[p] - now_ <= settings_.limit) {
                describe(k, p);
                span = std::max(span, column(Column::FINISH, values_.size() - 1) + 1);
            }
        }
    }
    for (auto& values : values_) {
        values[static_cast<std::size_t>(Column::SPAN)] = span;
    }
}

void Stream::describe(std::size_t position, std::size_t element) {
    const Ready& ready = ready_[position];
    const Job& job = jobs_[at(ready.job)];
    const Int duration = applications_->duration(ready.task)[element];
    const Int arrival = arrivals_[slot(ready.job, ready.task) * elements_.size() + element];
    const Int end = finish(ready, element);
    candidates_.push_back({static_cast<Index>(position), static_cast<Index>(element)});
    auto& values = values_.emplace_back();
    const auto set = [&](Column column, auto value) {
        values[static_cast<std::size_t>(column)] = static_cast<double>(value);
    };
    set(Column::DURATION, duration);
    set(Column::EXCESS, duration - applications_->least(ready.task));
    set(Column::DELAY, std::max(arrival - now_, Int{0}));
    set(Column::BACKLOG, available_[element] - now_);
    set(Column::FINISH, end);
    const Ends& own = ends_[position];
    set(Column::REGRET, end - own.best);
    set(Column::SPARE, own.second - own.best);
    // Some columns take longer than all others together.
    if (wanted(Column::RIVAL)) {
        set(Column::RIVAL, rival(position, element));
    }
    set(Column::RANK, applications_->rank(ready.task));
    set(Column::LEFT, job.left);
    set(Column::AGE, now_ - job.arrival);
    set(Column::ORDER, position);
    if (wanted(Column::PRECEDENCE)) {
        set(Column::PRECEDENCE, precedence_[position]);
    }
    if (wanted(Column::ELSEWHERE) || wanted(Column::PLAN)) {
        const Planner::Place& place = planned(ready);
        set(Column::ELSEWHERE, place.element != static_cast<Index>(element));
        set(Column::PLAN, place.start - now_);
    }
    set(Column::LUCK, random_.below(1 << 30));
    set(Column::JOBS, in_system_);
    set(Column::UNIT, applications_->unit());
}

// Where each ready task stands by falling rank, the first come first among equals.
void Stream::order_by_rank() {
    by_rank_.resize(ready_.size());
    precedence_.resize(ready_.size());
    std::iota(by_rank_.begin(), by_rank_.end(), 0);
    std::ranges::sort(by_rank_, [&](Index a, Index b) {
        const double left = applications_->rank(ready_[at(a)].task);
        const double right = applications_->rank(ready_[at(b)].task);
        return left != right ? left > right : a < b;
    });
    for (std::size_t k = 0; k < by_rank_.size(); ++k) {
        precedence_[at(by_rank_[k])] = static_cast<Index>(k);
    }
}

}  // namespace headway::simulate::chip
