-- Ten questions a marketer asks, for the dataset that `shenava warehouse load` fills: make it the query's default.
-- "Now" is the time of the latest post, so that an old run answers too; on a live warehouse write CURRENT_TIMESTAMP().

-- question: advocates-who-like-skiing: Who are our advocates who like skiing?
SELECT handle, account, advocacy, ROUND(interest.value, 2) AS skiing, ROUND(mood, 2) AS mood, reach
FROM profiles_latest, UNNEST(interests) AS interest
WHERE advocacy > 0 AND interest.key = 'skiing' AND interest.value >= 0.5
ORDER BY skiing DESC, account;

-- question: slowest-at-weekends: Which department answers slowest at weekends (here Thursday and Friday)?
WITH complaints AS (
    SELECT history[SAFE_ORDINAL(1)].department AS first_department, opened_at, answered_at
    FROM cases_latest
    WHERE EXTRACT(DAYOFWEEK FROM DATETIME(opened_at, 'Asia/Tehran')) IN (5, 6)
)
SELECT first_department AS department, COUNT(*) AS complaints, COUNT(answered_at) AS answered,
       ROUND(AVG(TIMESTAMP_DIFF(answered_at, opened_at, SECOND)) / 3600, 1) AS hours
FROM complaints
GROUP BY first_department
ORDER BY hours DESC NULLS LAST, complaints DESC, department;

-- question: complaints-that-grew: Which complaints grew most this week?
WITH clock AS (SELECT MAX(post.created_at) AS latest FROM enriched_latest),
complaints AS (
    SELECT category, e.post.created_at > TIMESTAMP_SUB(latest, INTERVAL 7 DAY) AS this_week
    FROM enriched_latest AS e, UNNEST(e.classification.categories.labels) AS category, clock
    WHERE e.classification.complaint.label AND NOT e.is_brand_reply AND NOT e.classification.promo.label
      AND e.post.created_at > TIMESTAMP_SUB(latest, INTERVAL 14 DAY)
)
SELECT category, COUNTIF(this_week) AS this_week, COUNTIF(NOT this_week) AS week_before,
       COUNTIF(this_week) - COUNTIF(NOT this_week) AS growth
FROM complaints
GROUP BY category
ORDER BY growth DESC, category;

-- question: influencers: Whose posts about us move people?
SELECT CONCAT(e.post.platform, ':', e.post.author.account_id) AS account, MAX(e.post.author.handle) AS handle,
       MAX(e.post.author.followers) AS followers, COUNT(*) AS posts,
       SUM(COALESCE(e.post.engagement.likes, 0) + COALESCE(e.post.engagement.shares, 0)
           + COALESCE(e.post.engagement.replies, 0)) AS reactions,
       COUNTIF(e.classification.sentiment.label = 'neg') AS negative
FROM enriched_latest AS e
WHERE NOT e.is_brand_reply AND ARRAY_LENGTH(e.brands) > 0 AND e.post.author.account_id IS NOT NULL
GROUP BY account
ORDER BY reactions DESC, account
LIMIT 10;

-- question: happy-topics: What do happy customers talk about?
SELECT topic, COUNTIF(e.classification.sentiment.label = 'pos') AS happy_posts, COUNT(*) AS posts,
       ROUND(COUNTIF(e.classification.sentiment.label = 'pos') / COUNT(*), 2) AS share
FROM enriched_latest AS e, UNNEST(e.classification.topics.labels) AS topic
WHERE NOT e.is_brand_reply AND NOT e.classification.promo.label
GROUP BY topic
HAVING COUNT(*) >= 5
ORDER BY happy_posts DESC, topic;

-- question: worst-sla: Which brand is let down on which platform?
SELECT brand, platform, SUM(complaints) AS complaints, SUM(sla_decided) AS decided,
       ROUND(SUM(sla_met) / SUM(sla_decided), 2) AS in_time
FROM kpis_latest
WHERE period = 'day'
GROUP BY brand, platform
HAVING SUM(sla_decided) >= 5
ORDER BY in_time, decided DESC, brand, platform;

-- question: lost-and-won-back: Who was unhappy and came back happy, and how long did it take?
SELECT alerts.account, profile.handle, cases.severity,
       ROUND(TIMESTAMP_DIFF(alerts.raised_at, cases.opened_at, SECOND) / 3600, 1) AS hours
FROM alerts_latest AS alerts
JOIN cases_latest AS cases ON cases.case_id = alerts.`case`
LEFT JOIN profiles_latest AS profile ON profile.account = alerts.account
WHERE alerts.rule = 'customer-recovered'
ORDER BY cases.severity DESC, hours DESC, alerts.account;

-- question: best-hour: At which hour of the day does each segment post most (the company's time)?
WITH hours AS (
    SELECT CASE WHEN complaints > advocacy THEN 'critics' WHEN advocacy > 0 THEN 'advocates' ELSE 'others' END AS segment,
           MOD(place, 24) AS hour, SUM(posted) AS posts
    FROM profiles_latest, UNNEST(activity) AS posted WITH OFFSET AS place
    GROUP BY segment, hour
)
SELECT segment, hour, posts
FROM hours
WHERE TRUE
QUALIFY ROW_NUMBER() OVER (PARTITION BY segment ORDER BY posts DESC, hour) = 1
ORDER BY segment;

-- question: in-time-by-month: Which share of complaints is answered in time, by month?
SELECT FORMAT_TIMESTAMP('%Y-%m', start, 'Asia/Tehran') AS month, SUM(complaints) AS complaints,
       SUM(sla_decided) AS decided, ROUND(SUM(sla_met) / SUM(sla_decided), 3) AS in_time
FROM kpis_latest
WHERE period = 'day'
GROUP BY month
ORDER BY month;

-- question: waiting-for-two-days: Who has had an open complaint for two days without any answer?
WITH clock AS (SELECT MAX(post.created_at) AS latest FROM enriched_latest)
SELECT cases.customer, profile.handle, cases.severity, cases.department, cases.opened_at
FROM clock, cases_latest AS cases
LEFT JOIN profiles_latest AS profile ON profile.account = cases.customer
WHERE cases.answered_at IS NULL AND cases.resolved_at IS NULL
  AND cases.opened_at < TIMESTAMP_SUB(latest, INTERVAL 2 DAY)
ORDER BY cases.severity DESC, cases.opened_at, cases.customer;
