// One inference engine with continuous batching, from event to event.
#pragma once

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <queue>
#include <unordered_map>
#include <vector>

#include "serving/engine/config.hpp"
#include "serving/engine/host_cache.hpp"
#include "serving/engine/live.hpp"
#include "serving/engine/pool.hpp"
#include "serving/engine/record.hpp"
#include "serving/engine/traffic.hpp"
#include "serving/engine/warm.hpp"
#include "serving/step_time.hpp"

namespace headway::serving {

inline constexpr Int LEAST_URGENT = std::numeric_limits<std::int32_t>::max();

// Why `advance` came back.
enum class Ask {
    nothing,  // the time is up, or nothing will happen any more
    pause,    // so many steps are done
    budget,   // how many tokens may this step have?
    victim,   // who gives way to `grower`?
    admit,    // whom of the waiting to try?
    fill,     // what else to compute in the step of `shape`?
};

// How far other engines have brought a request.
struct Progress {
    Int computed = 0;   // tokens whose cache comes along
    Int generated = 0;  // tokens that it has said
    Int reserved = 0;   // blocks kept free for it, so that it need not queue
};

// A request that was withdrawn, and how far it came.
struct Left {
    Int request;
    Int computed;
    Int generated;
};

// A content that the cache has learned from a block of a request, or forgotten if that is ABSENT.
struct CacheChange {
    Content content;
    Int request;
    Int block;
};

// Requests in an engine: those that run in the order of their admission, then the queue.
struct Residents {
    std::vector<Int> request;
    std::vector<Int> stage;     // 0 in the queue, 1 prefill, 2 decode
    std::vector<Int> computed;  // tokens in the cache
    std::vector<Int> blocks;    // that it holds, or that it will need if it is in the queue
};

// Requests that ended: the tokens that they said, how and when.
struct Ended {
    std::vector<Int> requests, generated, status;
    std::vector<double> at_s;
};

// A step gives tokens first to the running requests in the order of their admission, which may
// cost the youngest of them its blocks, then to waiting ones (the rule of vLLM V1). Where others
// decide, `advance` returns the question, takes the answer and goes on.
class Engine {
public:
    Engine(std::shared_ptr<const Traffic> traffic, std::shared_ptr<Outcome> outcome,
           const Config& config, std::shared_ptr<const StepTime> step_time);

    // Lets a request arrive at a time that is not before now, as far as others have brought it.
    void submit(Int request, double at_s, const Progress& progress = {});

    // Ends steps up to a time and begins steps before it, or also at it.
    Ask advance(double until_s, Int max_steps, bool begins_at_end = false);

    // Lets a request go: at once, or with the end of the step that it is in; `take_left` tells how
    // far it came. Nothing happens if it is not here.
    void withdraw(Int request);
    std::vector<Left> take_left();

    // Keeps blocks free for a request that is about to come; false if there are not so many.
    bool reserve(Int blocks);
    void unreserve(Int blocks);

    // Says what is worth keeping of the cache: by the request that let it go last, the least worthy
    // goes first. What nobody spoke of is kept for longest.
    void keep(Ints requests, Reals worths);

    // Lets an engine that has nothing to do compute the first tokens of a request before anybody
    // asks for them, until somebody comes; false if it is busy or nothing is missing.
    bool warm(Int request, Int tokens, double at_s);

    // The engine dies: steps under way come to nothing, the cache is empty. Returns who was there.
    std::vector<Int> crash();

    // Empties the cache; false if some of it is in use.
    bool clear_cache();

    // From now on keeps what the cache learns and forgets, for `take_cache_changes`.
    void watch_cache() { watched_ = true; }
    std::vector<CacheChange> take_cache_changes();

    // Drops the record of steps that have ended and of what was said in them; how long requests and
    // gaps took is not forgotten.
    void forget_history();

    // Nothing begins or ends before a time.
    void stall(double until_s);

    // Steps to come take so many times as long.
    void set_pace(double pace);

    void answer_budget(Int tokens);
    void answer_victim(Int request);
    void answer_admit(Ints requests);
    void answer_fill(double tokens, double pairs);

    // When something happens next, NEVER if nothing does: a step or a transfer ends or a request
    // arrives; a step begins.
    double next_settlement_s() const;
    double next_beginning_s() const;
    double next_s() const { return std::min(next_settlement_s(), next_beginning_s()); }
    double now_s() const { return now_; }

    const Config& config() const { return config_; }
    const Steps& steps() const { return steps_; }
    const Shape& shape() const { return shape_; }
    Int free_blocks() const { return pool_.free(); }
    Int unreserved_blocks() const { return pool_.free() - reserved_; }
    Int budget_left() const { return budget_; }
    Int grower() const { return grower_; }
    Int n_running() const { return static_cast<Int>(running_.size()); }
    Int n_waiting() const { return static_cast<Int>(waiting_.size()); }
    Int n_present() const { return static_cast<Int>(index_.size() + arrivals_.size()); }
    Int blocks_wanted() const { return blocks_wanted_; }  // by all who wait
    Int blocks_wanted_first() const;                      // by the head of the queue
    Int most_urgent() const;  // smallest priority of those here, LEAST_URGENT if nobody is
    std::vector<Int> running() const;
    std::vector<Int> waiting(std::size_t most) const;  // the first of the queue
    Residents residents() const;
    Int stage(Int request) const;  // as in Residents, ABSENT if it is not here
    const Live& live(Int request) const;

    // Tokens of a request at its next admission that need no computation.
    Int cached_tokens(Int request) const;

    // Tokens of a waiting request in blocks that others hold, which takes no memory to admit.
    Int shared_tokens(Int request) const;

    // The same for one that need not be here.
    Int resident_tokens(Int request) const;

    bool has_news() const { return !ended_.requests.empty() || !left_.empty(); }

    // Those that ended since the last call, in order.
    Ended take_ended();

    // All speech so far, that of requests under way included.
    Segments segments() const;

private:
    enum class Pass { all, decodes, prefills, decodes_if_idle, admit, fill };

    struct Flight {
        double end_s;
        Int step;
        std::vector<std::int32_t> batch;
        Int warmed = 0;  // tokens that nobody has asked for
    };
    struct Arrival {
        double at_s;
        Int request;
        Progress progress;
        bool operator>(const Arrival& other) const {
            return std::tie(at_s, request) > std::tie(other.at_s, other.request);
        }
    };
    struct Load {
        double end_s;
        std::int32_t live;
        Int blocks;
    };
    struct Hits {
        std::vector<std::int32_t> device;
        Int device_free = 0;  // of them, in the queue of free blocks
        Int host = 0;
    };

    Live& at(std::int32_t k) { return lives_[static_cast<std::size_t>(k)]; }
    const Live& at(std::int32_t k) const { return lives_[static_cast<std::size_t>(k)]; }
    Int blocks_for(Int tokens) const {
        return (tokens + config_.block_tokens - 1) / config_.block_tokens;
    }

    // engine.cpp
    void arrive(const Arrival& arrival);
    void enqueue(std::int32_t k);
    void join(std::int32_t k, Int reserved);
    void unqueue(std::int32_t k);
    bool settle();
    void forget(std::int32_t k);
    void release_client(double at_s);
    bool take_arrivals();
    void end(Int request, Int generated, Status status, double at_s);

    // compose.cpp
    void begin_composition();
    Ask compose();
    Ask grow(Pass pass);
    bool belongs(const Live& live, Pass pass) const;
    Int wanted(const Live& live, Int missing) const;
    void drop(std::int32_t k);
    bool must_form_again() const;
    std::ptrdiff_t victim() const;
    void evict(std::ptrdiff_t index);
    bool swaps(const Live& live) const;
    void give_blocks(Live& live);
    std::int32_t take_block();

    // admit.cpp
    Ask admit();
    bool rests() const;
    bool start(std::int32_t k);
    Hits hits(const Live& live) const;
    bool fits(const Live& live, const Hits& hits, Int base, Int tokens, Int& blocks) const;
    Int chunk(const Live& live, Int missing) const;
    void load(std::int32_t k, Int host_blocks);
    void end_load();

    // step.cpp
    Shape measure() const;
    Shape padded(Shape shape) const;
    double step_s() const;
    void launch(double seconds);
    void end_step();
    void learn(Live& live, Int computed);
    void speak(Live& live, Int step, double at_s);
    void close(std::int32_t k, Status status);
    void flush(const Live& live, Segments& segments) const;
    void record(double end_s);

    // warm.cpp
    bool may_warm() const;
    void launch_warming();
    void end_warming_step(Int tokens);
    void cancel_warming();
    void stop_warming();

    // coast.cpp
    bool can_coast() const;
    Int coast(double until_s, Int max_steps);

    std::shared_ptr<const Traffic> traffic_;
    std::shared_ptr<Outcome> outcome_;
    Config config_;
    std::shared_ptr<const StepTime> step_time_;
    Pool pool_;
    HostCache host_;
    std::vector<Pass> program_;

    std::deque<Live> lives_;
    std::vector<std::int32_t> spare_;
    std::unordered_map<Int, std::int32_t> index_;
    std::map<Int, Int> by_priority_;  // how many of those in the index
    std::vector<std::int32_t> running_;
    Waiting waiting_;
    std::priority_queue<Arrival, std::vector<Arrival>, std::greater<>> arrivals_;
    std::deque<Int> backlog_;  // of a closed loop
    Int clients_busy_ = 0;
    std::deque<Flight> flights_;
    std::deque<Load> loads_;
    Ended ended_;

    std::vector<Left> left_;
    bool watched_ = false;
    std::vector<CacheChange> cache_changes_;
    Int blocks_wanted_ = 0;
    Int reserved_ = 0;
    std::optional<Warming> warming_;
    double pace_ = 1;

    double now_ = 0;
    double stage_free_s_ = 0;
    double link_free_s_ = 0;
    bool may_begin_ = false;  // something happened since a composition came out empty

    // The composition under way.
    bool composing_ = false;
    std::size_t pass_ = 0;
    std::size_t cursor_ = 0;
    Int budget_ = 0;
    Int n_granted_ = 0;
    Int longest_new_ = 0;
    Int n_new_ = 0;
    Int grower_ = ABSENT;
    Int growth_ = 0;  // tokens that it is to have
    double stall_s_ = 0;
    bool asked_ = false;
    bool preempted_ = false;
    bool dropped_ = false;
    bool stopped_ = false;
    bool held_up_ = false;  // by one who ought to give way and is busy
    bool ran_before_ = false;
    std::vector<std::int32_t> candidates_;
    Int questions_ = 0;  // of admission
    Shape work_;   // what the batch is
    Shape shape_;  // what it costs: padding and filling included

    Int last_admission_ = 0;  // step in which somebody was last asked whom to admit

    // A waiting head that found no room finds none until the pool changes.
    Int blocked_ = ABSENT;
    Int blocked_changes_ = 0;

    Int static_size_ = 0;  // of a batch that is refilled when empty

    Steps steps_;
    Segments segments_;
    std::vector<std::vector<std::int32_t>> rings_;  // coasting requests by place in their block
};

}  // namespace headway::serving
