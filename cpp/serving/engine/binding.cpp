#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "serving/binding.hpp"
#include "serving/columns.hpp"
#include "serving/engine/engine.hpp"
#include "serving/engine/live_traffic.hpp"

namespace headway {
namespace {

using namespace nb::literals;
using namespace serving;

// Requests whose columns belong to numpy.
class GivenTraffic final : public Traffic {
public:
    using Reals = InArray<double>;
    using Counts = InArray<std::int32_t>;
    using Ids = InArray<Int>;

    GivenTraffic(Reals arrivals, Counts prompts, Counts outputs, Counts limits, Counts priorities,
                 Reals keys, Ids block_ids, Ids block_offsets, Int tokens_of_id)
        : kept_{nb::cast(arrivals), nb::cast(prompts),    nb::cast(outputs),
                nb::cast(limits),   nb::cast(priorities), nb::cast(keys),
                nb::cast(block_ids), nb::cast(block_offsets)} {
        arrival_s = headway::view(arrivals);
        prompt = headway::view(prompts);
        output = headway::view(outputs);
        limit = headway::view(limits);
        priority = headway::view(priorities);
        key = headway::view(keys);
        ids = headway::view(block_ids);
        offsets = headway::view(block_offsets);
        id_tokens = tokens_of_id;
        check();
    }

private:
    std::array<nb::object, 8> kept_;
};

template <class T>
nb::object copy_of(const std::vector<T>& values) {
    return moved(std::vector<T>(values));
}

Config config_of(const nb::dict& settings) {
    Config config;
    const auto read = [&](const char* name, auto& field) {
        using Field = std::remove_reference_t<decltype(field)>;
        if constexpr (std::is_enum_v<Field>) {
            field = static_cast<Field>(nb::cast<int>(settings[name]));
        } else {
            field = nb::cast<Field>(settings[name]);
        }
    };
    read("blocks", config.blocks);
    read("block_tokens", config.block_tokens);
    read("token_budget", config.token_budget);
    read("max_sequences", config.max_sequences);
    read("max_model_tokens", config.max_model_tokens);
    read("long_prefill_tokens", config.long_prefill_tokens);
    read("watermark_blocks", config.watermark_blocks);
    read("host_blocks", config.host_blocks);
    read("pipeline", config.pipeline);
    read("clients", config.clients);
    read("mix", config.mix);
    read("reserve", config.reserve);
    read("victim", config.victim);
    read("eviction", config.eviction);
    read("prefix_caching", config.prefix_caching);
    read("prompt_must_fit", config.prompt_must_fit);
    read("padded_budget", config.padded_budget);
    read("prefill_only", config.prefill_only);
    read("chunked", config.chunked);
    read("decode_first", config.decode_first);
    read("refill_when_empty", config.refill_when_empty);
    read("block_seconds", config.block_seconds);
    read("ask_admit", config.ask_admit);
    read("ask_budget", config.ask_budget);
    read("ask_victim", config.ask_victim);
    read("ask_fill", config.ask_fill);
    read("admit_every", config.admit_every);
    return config;
}

nb::dict columns_of(const Outcome& outcome) {
    nb::dict columns;
    columns["status"] = copy_of(outcome.status);
    columns["arrival_s"] = copy_of(outcome.arrival_s);
    columns["scheduled_s"] = copy_of(outcome.scheduled_s);
    columns["first_token_s"] = copy_of(outcome.first_token_s);
    columns["last_token_s"] = copy_of(outcome.last_token_s);
    columns["generated"] = copy_of(outcome.generated);
    columns["preemptions"] = copy_of(outcome.preemptions);
    columns["cached_tokens"] = copy_of(outcome.cached_tokens);
    columns["recomputed_tokens"] = copy_of(outcome.recomputed_tokens);
    return columns;
}

nb::dict columns_of(const Steps& steps) {
    nb::dict columns;
    columns["start_s"] = copy_of(steps.start_s);
    columns["end_s"] = copy_of(steps.end_s);
    columns["prefill_tokens"] = copy_of(steps.prefill_tokens);
    columns["decodes"] = copy_of(steps.decodes);
    columns["sequences"] = copy_of(steps.sequences);
    columns["running"] = copy_of(steps.running);
    columns["waiting"] = copy_of(steps.waiting);
    columns["used_blocks"] = copy_of(steps.used_blocks);
    columns["extra_tokens"] = copy_of(steps.extra_tokens);
    return columns;
}

nb::dict columns_of(Residents&& residents) {
    nb::dict columns;
    columns["request"] = moved(std::move(residents.request));
    columns["stage"] = moved(std::move(residents.stage));
    columns["computed"] = moved(std::move(residents.computed));
    columns["blocks"] = moved(std::move(residents.blocks));
    return columns;
}

nb::dict columns_of(Segments&& segments) {
    nb::dict columns;
    columns["request"] = moved(std::move(segments.request));
    columns["first_step"] = moved(std::move(segments.first_step));
    columns["last_step"] = moved(std::move(segments.last_step));
    return columns;
}

// A method that answers with one number for each of some requests.
template <class Value>
auto each(Value value) {
    return [value](const Engine& engine, InArray<Int> requests) {
        std::vector<Int> values;
        values.reserve(requests.size());
        for (const Int request : view(requests)) {
            values.push_back(value(engine, request));
        }
        return to_numpy(std::move(values));
    };
}

}  // namespace

void bind_engine(nb::module_& module) {
    nb::enum_<Ask>(module, "Ask", "Why an engine stopped.", nb::is_arithmetic())
        .value("NOTHING", Ask::nothing)
        .value("PAUSE", Ask::pause)
        .value("BUDGET", Ask::budget)
        .value("VICTIM", Ask::victim)
        .value("ADMIT", Ask::admit)
        .value("FILL", Ask::fill);

    nb::class_<GivenTraffic>(module, "Traffic", "Columns of requests that engines share.")
        .def(nb::init<GivenTraffic::Reals, GivenTraffic::Counts, GivenTraffic::Counts,
                      GivenTraffic::Counts, GivenTraffic::Counts, GivenTraffic::Reals,
                      GivenTraffic::Ids, GivenTraffic::Ids, Int>(),
             "arrival_s"_a, "prompt"_a, "output"_a, "limit"_a, "priority"_a, "key"_a, "ids"_a,
             "offsets"_a, "id_tokens"_a);

    nb::class_<LiveTraffic>(module, "LiveTraffic",
                            "Requests that come one at a time, in rows that are used again.")
        .def(nb::init<Int>(), "block_tokens"_a)
        .def(
            "engine",
            [](std::shared_ptr<LiveTraffic> traffic, const nb::dict& settings,
               std::shared_ptr<StepTime> step_time) {
                auto outcome = traffic->outcome();
                return std::make_shared<Engine>(std::move(traffic), std::move(outcome),
                                                config_of(settings), std::move(step_time));
            },
            "settings"_a, "step_time"_a, "Returns an engine for these requests.")
        .def(
            "add",
            [](LiveTraffic& traffic, InArray<Int> tokens, Int prompt, Int output, Int limit,
               Int priority, double key, std::uint64_t seed) {
                return traffic.add({prompt, output, limit, priority, key}, view(tokens), seed);
            },
            "tokens"_a, "prompt"_a, "output"_a, "limit"_a, "priority"_a, "key"_a, "seed"_a,
            "Returns the row of a request.")
        .def("remove", &LiveTraffic::remove, "row"_a, "Frees a row of a request that is gone.")
        .def(
            "chain",
            [](const LiveTraffic& traffic, Int row) {
                const Ints chain = traffic.chain(row);
                return to_numpy(std::vector<Int>(chain.begin(), chain.end()));
            },
            "row"_a, "Hashes of a request's full blocks, each of all the tokens up to its end.")
        .def(
            "listen",
            [](LiveTraffic& traffic, Engine& engine) {
                News news = traffic.listen(engine);
                return nb::make_tuple(std::move(news.spoken), std::move(news.ended),
                                      std::move(news.left));
            },
            "engine"_a,
            "Tells (row, tokens said so far), (row, status) of the ended, and rows that left.")
        .def(
            "times",
            [](const LiveTraffic& traffic, std::size_t row) {
                const Outcome& all = *traffic.outcome();
                return nb::make_tuple(all.arrival_s.at(row), all.scheduled_s.at(row),
                                      all.first_token_s.at(row), all.last_token_s.at(row),
                                      all.generated.at(row), all.cached_tokens.at(row),
                                      all.preemptions.at(row));
            },
            "row"_a,
            "Seconds of arrival, admission, first and last token; tokens said and found in the "
            "cache; preemptions.")
        .def_prop_ro("said", &LiveTraffic::said, "Tokens that were heard of.")
        .def_prop_ro("present", &LiveTraffic::present);

    nb::class_<Outcome>(module, "Outcome", "Columns of what became of requests.")
        .def(nb::init<Int>(), "n"_a)
        .def("columns", [](const Outcome& outcome) { return columns_of(outcome); })
        .def("times",
             [](const Outcome& outcome, std::size_t k) {
                 return nb::make_tuple(outcome.scheduled_s.at(k), outcome.first_token_s.at(k),
                                       outcome.last_token_s.at(k));
             })
        .def("arrival",
             [](const Outcome& outcome, std::size_t k) { return outcome.arrival_s.at(k); })
        .def("generated",
             [](const Outcome& outcome, std::size_t k) { return outcome.generated.at(k); })
        .def("preemptions",
             [](const Outcome& outcome, std::size_t k) { return outcome.preemptions.at(k); })
        .def("set_arrival", [](Outcome& outcome, std::size_t k,
                               double at_s) { outcome.arrival_s.at(k) = at_s; })
        .def("set_status", [](Outcome& outcome, std::size_t k, int status) {
            outcome.status.at(k) = static_cast<std::int8_t>(status);
        });

    nb::class_<Engine>(module, "Engine", "One inference engine with continuous batching.")
        .def(
            "__init__",
            [](Engine* self, std::shared_ptr<GivenTraffic> traffic,
               std::shared_ptr<Outcome> outcome, const nb::dict& settings,
               std::shared_ptr<StepTime> step_time) {
                new (self) Engine(std::move(traffic), std::move(outcome), config_of(settings),
                                  std::move(step_time));
            },
            "traffic"_a, "outcome"_a, "settings"_a, "step_time"_a)
        .def(
            "submit",
            [](Engine& engine, InArray<Int> requests, InArray<double> at_s) {
                if (requests.size() != at_s.size()) {
                    throw std::invalid_argument("engine: as many times as requests are expected");
                }
                for (std::size_t i = 0; i < requests.size(); ++i) {
                    engine.submit(view(requests)[i], view(at_s)[i]);
                }
            },
            "requests"_a, "at_s"_a, "Lets requests arrive at these times.")
        .def("advance", &Engine::advance, "until_s"_a, "max_steps"_a, "begins_at_end"_a = false,
             nb::call_guard<nb::gil_scoped_release>(),
             "Ends steps up to a time and begins steps before it; tells what is asked.")
        .def("answer_budget", &Engine::answer_budget, "tokens"_a)
        .def("answer_victim", &Engine::answer_victim, "request"_a)
        .def("answer_fill", &Engine::answer_fill, "tokens"_a, "pairs"_a)
        .def(
            "answer_admit",
            [](Engine& engine, InArray<Int> requests) { engine.answer_admit(view(requests)); },
            "requests"_a)
        .def(
            "keep",
            [](Engine& engine, InArray<Int> requests, InArray<double> worths) {
                engine.keep(view(requests), view(worths));
            },
            "requests"_a, "worths"_a, "Says what the blocks that requests have let go are worth.")
        .def("warm", &Engine::warm, "request"_a, "tokens"_a, "at_s"_a,
             "Computes the first tokens of a request while there is nothing else to do.")
        .def("withdraw", &Engine::withdraw, "request"_a,
             "Lets a request leave, at once or when its step ends.")
        .def("crash", [](Engine& engine) { return to_numpy(engine.crash()); },
             "Empties it; returns the requests that were there.")
        .def("stall", &Engine::stall, "until_s"_a, "Nothing begins or ends before a time.")
        .def("set_pace", &Engine::set_pace, "pace"_a, "Steps to come take so many times as long.")
        .def("clear_cache", &Engine::clear_cache, "Empties the cache unless some is in use.")
        .def("watch_cache", &Engine::watch_cache, "Begins to keep what the cache learns.")
        .def(
            "take_cache_changes",
            [](Engine& engine) {
                std::vector<Int> contents, requests, blocks;
                for (const CacheChange& change : engine.take_cache_changes()) {
                    contents.push_back(change.content);
                    requests.push_back(change.request);
                    blocks.push_back(change.block);
                }
                return nb::make_tuple(std::move(contents), std::move(requests),
                                      std::move(blocks));
            },
            "Contents learned, the requests and blocks they come from; -1: forgotten.")
        .def("forget_history", &Engine::forget_history,
             "Drops the record of steps that have ended.")
        .def_prop_ro("n_running", &Engine::n_running)
        .def_prop_ro("n_waiting", &Engine::n_waiting)
        .def_prop_ro("next_s", &Engine::next_s)
        .def_prop_ro("now_s", &Engine::now_s)
        .def_prop_ro("n_steps", [](const Engine& engine) { return engine.steps().size(); })
        .def_prop_ro("free_blocks", &Engine::free_blocks)
        .def_prop_ro("budget_left", &Engine::budget_left)
        .def_prop_ro("grower", &Engine::grower)
        .def("shape",
             [](const Engine& engine) {
                 const Shape& s = engine.shape();
                 return nb::make_tuple(s.prefill_tokens, s.prefills, s.prefill_context,
                                       s.prefill_pairs, s.decodes, s.decode_context,
                                       s.decode_longest, s.sequences, s.extra_tokens,
                                       s.extra_pairs);
             })
        .def("running", [](const Engine& engine) { return to_numpy(engine.running()); })
        .def(
            "waiting",
            [](const Engine& engine, std::size_t most) { return to_numpy(engine.waiting(most)); },
            "most"_a = std::numeric_limits<std::size_t>::max())
        .def(
            "take_ended",
            [](Engine& engine) {
                auto ended = engine.take_ended();
                return columns_of(std::move(ended));
            },
            "Requests that ended since the last call: tokens said, status, time.")
        .def("computed",
             each([](const Engine& engine, Int request) { return engine.live(request).computed; }),
             "requests"_a, "Tokens of requests in the cache.")
        .def("generated",
             each([](const Engine& engine, Int request) { return engine.live(request).generated; }),
             "requests"_a, "Tokens that requests have said.")
        .def("cached",
             each([](const Engine& engine, Int request) { return engine.cached_tokens(request); }),
             "requests"_a, "Tokens of waiting requests that need no computation.")
        .def("residents", [](const Engine& engine) { return columns_of(engine.residents()); })
        .def("stage", &Engine::stage, "request"_a, "As in residents, -1 if it is not here.")
        .def("resident_tokens", &Engine::resident_tokens, "request"_a,
             "Tokens of any request's prompt that need no computation here.")
        .def("shared",
             each([](const Engine& engine, Int request) { return engine.shared_tokens(request); }),
             "requests"_a, "Tokens of waiting requests in blocks that others hold.")
        .def("steps", [](const Engine& engine) { return columns_of(engine.steps()); })
        .def("segments", [](const Engine& engine) { return columns_of(engine.segments()); });
}

}  // namespace headway
