-- Ten questions a marketer asks, for a file made by `shenava warehouse duckdb OUTPUT --to warehouse.duckdb`.
-- "Now" is the time of the latest post, so that an old file answers too; on a live warehouse write now() in its place.

-- question: advocates-who-like-skiing: Who are our advocates who like skiing?
SELECT handle, account, advocacy, round(interests['skiing'], 2) AS skiing, round(mood, 2) AS mood, reach
FROM profiles_latest
WHERE advocacy > 0 AND interests['skiing'] >= 0.5
ORDER BY skiing DESC, account;

-- question: slowest-at-weekends: Which department answers slowest at weekends (here Thursday and Friday)?
SELECT history[1].department AS department, count(*) AS complaints, count(answered_at) AS answered,
       round(avg(epoch(answered_at) - epoch(opened_at)) / 3600, 1) AS hours
FROM cases_latest
WHERE dayofweek(timezone('Asia/Tehran', opened_at)) IN (4, 5)
GROUP BY 1
ORDER BY hours DESC NULLS LAST, complaints DESC, department;

-- question: complaints-that-grew: Which complaints grew most this week?
WITH complaints AS (
    SELECT unnest(classification.categories.labels) AS category,
           post.created_at > (SELECT max(post.created_at) FROM enriched_latest) - INTERVAL 7 DAY AS this_week
    FROM enriched_latest
    WHERE classification.complaint.label AND NOT is_brand_reply AND NOT classification.promo.label
      AND post.created_at > (SELECT max(post.created_at) FROM enriched_latest) - INTERVAL 14 DAY
)
SELECT category, count_if(this_week) AS this_week, count_if(NOT this_week) AS week_before,
       count_if(this_week) - count_if(NOT this_week) AS growth
FROM complaints
GROUP BY category
ORDER BY growth DESC, category;

-- question: influencers: Whose posts about us move people?
SELECT post.platform || ':' || post.author.account_id AS account, max(post.author.handle) AS handle,
       max(post.author.followers) AS followers, count(*) AS posts,
       sum(coalesce(post.engagement.likes, 0) + coalesce(post.engagement.shares, 0)
           + coalesce(post.engagement.replies, 0)) AS reactions,
       count_if(classification.sentiment.label = 'neg') AS negative
FROM enriched_latest
WHERE NOT is_brand_reply AND len(brands) > 0 AND post.author.account_id IS NOT NULL
GROUP BY 1
ORDER BY reactions DESC, account
LIMIT 10;

-- question: happy-topics: What do happy customers talk about?
SELECT topic, count_if(happy) AS happy_posts, count(*) AS posts, round(count_if(happy) / count(*), 2) AS share
FROM (
    SELECT unnest(classification.topics.labels) AS topic, classification.sentiment.label = 'pos' AS happy
    FROM enriched_latest
    WHERE NOT is_brand_reply AND NOT classification.promo.label
)
GROUP BY topic
HAVING count(*) >= 5
ORDER BY happy_posts DESC, topic;

-- question: worst-sla: Which brand is let down on which platform?
SELECT brand, platform, sum(complaints)::BIGINT AS complaints, sum(sla_decided)::BIGINT AS decided,
       round(sum(sla_met) / sum(sla_decided), 2) AS in_time
FROM kpis_latest
WHERE period = 'day'
GROUP BY brand, platform
HAVING sum(sla_decided) >= 5
ORDER BY in_time, decided DESC, brand, platform;

-- question: lost-and-won-back: Who was unhappy and came back happy, and how long did it take?
SELECT alerts.account, profile.handle, cases.severity, round((epoch(alerts.raised_at) - epoch(cases.opened_at)) / 3600, 1) AS hours
FROM alerts_latest AS alerts
JOIN cases_latest AS cases ON cases.case_id = alerts."case"
LEFT JOIN profiles_latest AS profile ON profile.account = alerts.account
WHERE alerts.rule = 'customer-recovered'
ORDER BY cases.severity DESC, hours DESC, alerts.account;

-- question: best-hour: At which hour of the day does each segment post most (the company's time)?
WITH hours AS (
    SELECT CASE WHEN complaints > advocacy THEN 'critics' WHEN advocacy > 0 THEN 'advocates' ELSE 'others' END AS segment,
           unnest(activity) AS posts, (generate_subscripts(activity, 1) - 1) % 24 AS hour
    FROM profiles_latest
)
SELECT segment, hour, sum(posts)::BIGINT AS posts
FROM hours
GROUP BY segment, hour
QUALIFY row_number() OVER (PARTITION BY segment ORDER BY sum(posts) DESC, hour) = 1
ORDER BY segment;

-- question: in-time-by-month: Which share of complaints is answered in time, by month?
SELECT strftime(timezone('Asia/Tehran', start), '%Y-%m') AS month, sum(complaints)::BIGINT AS complaints,
       sum(sla_decided)::BIGINT AS decided, round(sum(sla_met) / sum(sla_decided), 3) AS in_time
FROM kpis_latest
WHERE period = 'day'
GROUP BY month
ORDER BY month;

-- question: waiting-for-two-days: Who has had an open complaint for two days without any answer?
SELECT cases.customer, profile.handle, cases.severity, cases.department, cases.opened_at
FROM cases_latest AS cases
LEFT JOIN profiles_latest AS profile ON profile.account = cases.customer
WHERE cases.answered_at IS NULL AND cases.resolved_at IS NULL
  AND cases.opened_at < (SELECT max(post.created_at) FROM enriched_latest) - INTERVAL 2 DAY
ORDER BY cases.severity DESC, cases.opened_at, cases.customer;
