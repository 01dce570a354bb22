/*M!999999\- enable the sandbox mode */ 
-- MariaDB dump 10.19  Distrib 10.11.19-MariaDB, for debian-linux-gnu (x86_64)
--
-- Host: localhost    Database: project
-- ------------------------------------------------------
-- Server version	10.11.19-MariaDB-0+deb12u1

/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET @OLD_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS */;
/*!40101 SET @OLD_COLLATION_CONNECTION=@@COLLATION_CONNECTION */;
/*!40101 SET NAMES latin1 */;
/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;
/*!40103 SET TIME_ZONE='+00:00' */;
/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;
/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
/*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */;

--
-- Table structure for table `app`
--

DROP TABLE IF EXISTS `app`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `app` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `create_time` int(11) NOT NULL DEFAULT 0,
  `name` varchar(191) NOT NULL DEFAULT '',
  `min_version` int(11) NOT NULL DEFAULT 0,
  `deprecated` smallint(6) NOT NULL DEFAULT 0,
  `user_friendly_name` varchar(254) NOT NULL DEFAULT '',
  `homogeneous_redundancy` smallint(6) NOT NULL DEFAULT 0,
  `weight` double NOT NULL DEFAULT 0,
  `beta` smallint(6) NOT NULL DEFAULT 0,
  `target_nresults` smallint(6) NOT NULL DEFAULT 0,
  `min_avg_pfc` double NOT NULL DEFAULT 0,
  `host_scale_check` tinyint(4) NOT NULL DEFAULT 0,
  `homogeneous_app_version` tinyint(4) NOT NULL DEFAULT 0,
  `non_cpu_intensive` tinyint(4) NOT NULL DEFAULT 0,
  `locality_scheduling` int(11) NOT NULL DEFAULT 0,
  `n_size_classes` smallint(6) NOT NULL DEFAULT 0,
  `fraction_done_exact` tinyint(4) NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=3 DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci;
/*!40101 SET character_set_client = @saved_cs_client */;

--
-- Dumping data for table `app`
--

LOCK TABLES `app` WRITE;
/*!40000 ALTER TABLE `app` DISABLE KEYS */;
INSERT INTO `app` VALUES
(1,0,'starcount',0,0,'Count of stars – ½ a sky',0,0,0,0,0,0,0,0,0,0,0),
(2,0,'dust',0,1,'Dust',0,0,0,0,0,0,0,0,0,0,0);
/*!40000 ALTER TABLE `app` ENABLE KEYS */;
UNLOCK TABLES;

--
-- Table structure for table `app_version`
--

DROP TABLE IF EXISTS `app_version`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `app_version` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `create_time` int(11) NOT NULL DEFAULT 0,
  `appid` int(11) NOT NULL DEFAULT 0,
  `version_num` int(11) NOT NULL DEFAULT 0,
  `platformid` int(11) NOT NULL DEFAULT 0,
  `xml_doc` mediumblob DEFAULT NULL,
  `min_core_version` int(11) NOT NULL DEFAULT 0,
  `max_core_version` int(11) NOT NULL DEFAULT 0,
  `deprecated` tinyint(4) NOT NULL DEFAULT 0,
  `plan_class` varchar(191) NOT NULL DEFAULT '',
  `pfc_n` double NOT NULL DEFAULT 0,
  `pfc_avg` double NOT NULL DEFAULT 0,
  `pfc_scale` double NOT NULL DEFAULT 0,
  `expavg_credit` double NOT NULL DEFAULT 0,
  `expavg_time` double NOT NULL DEFAULT 0,
  `beta` tinyint(4) NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=3 DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci;
/*!40101 SET character_set_client = @saved_cs_client */;

--
-- Dumping data for table `app_version`
--

LOCK TABLES `app_version` WRITE;
/*!40000 ALTER TABLE `app_version` DISABLE KEYS */;
INSERT INTO `app_version` VALUES
(1,0,1,803,1,0x3C66696C655F696E666F3E0A2020203C6E616D653E73746172636F756E745F3830335F7838365F36342D70632D6C696E75782D676E753C2F6E616D653E0A3C2F66696C655F696E666F3E0A,0,0,0,'',0,0,0,0,0,0),
(2,0,1,803,1,NULL,0,0,0,'cuda',0,0,0,0,0,0);
/*!40000 ALTER TABLE `app_version` ENABLE KEYS */;
UNLOCK TABLES;

--
-- Table structure for table `host`
--

DROP TABLE IF EXISTS `host`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `host` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `create_time` int(11) NOT NULL DEFAULT 0,
  `userid` int(11) NOT NULL DEFAULT 0,
  `rpc_seqno` int(11) NOT NULL DEFAULT 0,
  `rpc_time` int(11) NOT NULL DEFAULT 0,
  `total_credit` double NOT NULL DEFAULT 0,
  `expavg_credit` double NOT NULL DEFAULT 0,
  `expavg_time` double NOT NULL DEFAULT 0,
  `timezone` int(11) NOT NULL DEFAULT 0,
  `domain_name` varchar(254) DEFAULT NULL,
  `serialnum` varchar(254) DEFAULT NULL,
  `last_ip_addr` varchar(254) DEFAULT NULL,
  `nsame_ip_addr` int(11) NOT NULL DEFAULT 0,
  `on_frac` double NOT NULL DEFAULT 0,
  `connected_frac` double NOT NULL DEFAULT 0,
  `active_frac` double NOT NULL DEFAULT 0,
  `cpu_efficiency` double NOT NULL DEFAULT 0,
  `duration_correction_factor` double NOT NULL DEFAULT 0,
  `p_ncpus` int(11) NOT NULL DEFAULT 0,
  `p_vendor` varchar(254) DEFAULT NULL,
  `p_model` varchar(254) DEFAULT NULL,
  `p_fpops` double NOT NULL DEFAULT 0,
  `p_iops` double NOT NULL DEFAULT 0,
  `p_membw` double NOT NULL DEFAULT 0,
  `os_name` varchar(254) DEFAULT NULL,
  `os_version` varchar(254) DEFAULT NULL,
  `m_nbytes` double NOT NULL DEFAULT 0,
  `m_cache` double NOT NULL DEFAULT 0,
  `m_swap` double NOT NULL DEFAULT 0,
  `d_total` double NOT NULL DEFAULT 0,
  `d_free` double NOT NULL DEFAULT 0,
  `d_boinc_used_total` double NOT NULL DEFAULT 0,
  `d_boinc_used_project` double NOT NULL DEFAULT 0,
  `d_boinc_max` double NOT NULL DEFAULT 0,
  `n_bwup` double NOT NULL DEFAULT 0,
  `n_bwdown` double NOT NULL DEFAULT 0,
  `credit_per_cpu_sec` double NOT NULL DEFAULT 0,
  `venue` varchar(254) NOT NULL DEFAULT '',
  `nresults_today` int(11) NOT NULL DEFAULT 0,
  `avg_turnaround` double NOT NULL DEFAULT 0,
  `host_cpid` varchar(254) DEFAULT NULL,
  `external_ip_addr` varchar(254) DEFAULT NULL,
  `max_results_day` int(11) NOT NULL DEFAULT 0,
  `error_rate` double NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=3 DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci;
/*!40101 SET character_set_client = @saved_cs_client */;

--
-- Dumping data for table `host`
--

LOCK TABLES `host` WRITE;
/*!40000 ALTER TABLE `host` DISABLE KEYS */;
INSERT INTO `host` VALUES
(1,1764080001,1,11,1789996400,0,0,0,3600,'server',NULL,'192.0.2.1',0,0.987654,-1,0.999999,0,0,4,'GenuineIntel','Intel(R) Core(TM) i5-4590 CPU @ 3.30GHz [Family 6 Model 60 Stepping 3]',4213678912.345678,15000000000,1000000000,'Linux Debian','Debian GNU/Linux 12 (bookworm) [6.1.0-18-amd64|libc 2.36]',8258158592,6291456,1023406080,250000000000,120500000000,0,1234567,0,98765.4321,333333.3333333333,0,'',0,86399.5,'3acd198437da06243ccb2403c462e215',NULL,0,0),
(2,1764080002,2,12,1789992800,0,0,0,3600,'zoës',NULL,'192.0.2.1',0,0.987654,-1,0.999999,0,0,4,'GenuineIntel','Intel(R) Core(TM) i5-4590 CPU @ 3.30GHz [Family 6 Model 60 Stepping 3]',4213678912.345678,15000000000,1000000000,'Linux Debian','Debian GNU/Linux 12 (bookworm) [6.1.0-18-amd64|libc 2.36]',8258158592,6291456,1023406080,250000000000,120500000000,0,1234567,0,98765.4321,333333.3333333333,0,'',0,86399.5,'61cd7e259984c2a8fe0a21fef9865135',NULL,0,0);
/*!40000 ALTER TABLE `host` ENABLE KEYS */;
UNLOCK TABLES;

--
-- Table structure for table `result`
--

DROP TABLE IF EXISTS `result`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `result` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `create_time` int(11) NOT NULL DEFAULT 0,
  `workunitid` int(11) NOT NULL DEFAULT 0,
  `server_state` int(11) NOT NULL DEFAULT 0,
  `outcome` int(11) NOT NULL DEFAULT 0,
  `client_state` int(11) NOT NULL DEFAULT 0,
  `hostid` int(11) NOT NULL DEFAULT 0,
  `userid` int(11) NOT NULL DEFAULT 0,
  `report_deadline` int(11) NOT NULL DEFAULT 0,
  `sent_time` int(11) NOT NULL DEFAULT 0,
  `received_time` int(11) NOT NULL DEFAULT 0,
  `name` varchar(191) NOT NULL DEFAULT '',
  `cpu_time` double NOT NULL DEFAULT 0,
  `xml_doc_in` blob DEFAULT NULL,
  `xml_doc_out` blob DEFAULT NULL,
  `stderr_out` blob DEFAULT NULL,
  `batch` int(11) NOT NULL DEFAULT 0,
  `file_delete_state` int(11) NOT NULL DEFAULT 0,
  `validate_state` int(11) NOT NULL DEFAULT 0,
  `claimed_credit` double NOT NULL DEFAULT 0,
  `granted_credit` double NOT NULL DEFAULT 0,
  `opaque` double NOT NULL DEFAULT 0,
  `random` int(11) NOT NULL DEFAULT 0,
  `appid` int(11) NOT NULL DEFAULT 0,
  `exit_status` int(11) NOT NULL DEFAULT 0,
  `teamid` int(11) NOT NULL DEFAULT 0,
  `priority` int(11) NOT NULL DEFAULT 0,
  `mod_time` timestamp NULL DEFAULT current_timestamp() ON UPDATE current_timestamp(),
  `elapsed_time` double NOT NULL DEFAULT 0,
  `flops_estimate` double NOT NULL DEFAULT 0,
  `app_version_id` int(11) NOT NULL DEFAULT 0,
  `runtime_outlier` tinyint(4) NOT NULL DEFAULT 0,
  `size_class` smallint(6) NOT NULL DEFAULT 0,
  `peak_working_set_size` double NOT NULL DEFAULT 0,
  `peak_swap_size` double NOT NULL DEFAULT 0,
  `peak_disk_usage` double NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=11 DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci;
/*!40101 SET character_set_client = @saved_cs_client */;

--
-- Dumping data for table `result`
--

LOCK TABLES `result` WRITE;
/*!40000 ALTER TABLE `result` DISABLE KEYS */;
INSERT INTO `result` VALUES
(1,0,1,4,0,2,2,2,1790601200,1789996400,0,'star_00001_1',0,0x3C66696C655F7265663E0A202020203C66696C655F6E616D653E737461725F30303030315F315F72315F303C2F66696C655F6E616D653E0A202020203C6F70656E5F6E616D653E6F75743C2F6F70656E5F6E616D653E0A3C2F66696C655F7265663E0A,NULL,NULL,0,0,0,0,0,0,0,1,0,0,0,'2026-09-21 14:13:20',0,0,1,0,0,0,0,0),
(2,0,2,4,0,2,2,2,1790597600,1789992800,0,'star_00002_0',0,0x3C66696C655F7265663E0A202020203C66696C655F6E616D653E737461725F30303030325F305F72315F303C2F66696C655F6E616D653E0A202020203C6F70656E5F6E616D653E6F75743C2F6F70656E5F6E616D653E0A3C2F66696C655F7265663E0A,NULL,NULL,0,0,0,0,0,0,0,1,0,0,0,'2026-09-21 14:13:20',0,0,1,0,0,0,0,0),
(3,0,3,4,0,0,2,2,1790594000,1789989200,0,'star_00003_1',0,0x3C66696C655F7265663E0A202020203C66696C655F6E616D653E737461725F30303030335F315F72315F303C2F66696C655F6E616D653E0A202020203C6F70656E5F6E616D653E6F75743C2F6F70656E5F6E616D653E0A3C2F66696C655F7265663E0A,NULL,NULL,0,0,0,0,0,0,0,1,0,0,0,'2026-09-21 14:13:20',0,0,1,0,0,0,0,0),
(4,0,4,4,0,4,2,2,1790590400,1789985600,0,'star_00004_0',0,0x3C66696C655F7265663E0A202020203C66696C655F6E616D653E737461725F30303030345F305F72315F303C2F66696C655F6E616D653E0A202020203C6F70656E5F6E616D653E6F75743C2F6F70656E5F6E616D653E0A3C2F66696C655F7265663E0A,NULL,NULL,0,0,0,0,0,0,0,1,0,0,0,'2026-09-21 14:13:20',0,0,1,0,0,0,0,0),
(5,0,5,4,0,0,6,3,1789913600,1789982000,0,'star_00005_1',0,0x3C66696C655F7265663E0A202020203C66696C655F6E616D653E737461725F30303030355F315F72315F303C2F66696C655F6E616D653E0A202020203C6F70656E5F6E616D653E6F75743C2F6F70656E5F6E616D653E0A3C2F66696C655F7265663E0A,NULL,NULL,0,0,0,0,0,0,0,1,0,0,0,'2026-09-21 14:13:20',0,0,1,0,0,0,0,0),
(6,0,5,4,0,0,8,5,1790583200,1789978400,0,'star_00005_0',0,0x3C66696C655F7265663E0A202020203C66696C655F6E616D653E737461725F30303030355F305F72315F303C2F66696C655F6E616D653E0A202020203C6F70656E5F6E616D653E6F75743C2F6F70656E5F6E616D653E0A3C2F66696C655F7265663E0A,NULL,NULL,0,0,0,0,0,0,0,1,0,0,0,'2026-09-21 14:13:20',0,0,1,0,0,0,0,0),
(7,0,6,2,0,0,0,0,0,0,0,'star_00006_1',0,0x3C66696C655F7265663E0A202020203C66696C655F6E616D653E737461725F30303030365F315F72315F303C2F66696C655F6E616D653E0A202020203C6F70656E5F6E616D653E6F75743C2F6F70656E5F6E616D653E0A3C2F66696C655F7265663E0A,NULL,NULL,0,0,0,0,0,0,0,1,0,0,0,'2026-09-21 14:13:20',0,0,1,0,0,0,0,0),
(8,0,6,2,0,0,0,0,0,0,0,'star_00006_0',0,0x3C66696C655F7265663E0A202020203C66696C655F6E616D653E737461725F30303030365F305F72315F303C2F66696C655F6E616D653E0A202020203C6F70656E5F6E616D653E6F75743C2F6F70656E5F6E616D653E0A3C2F66696C655F7265663E0A,NULL,NULL,0,0,0,0,0,0,0,2,0,0,0,'2026-09-21 14:13:20',0,0,1,0,0,0,0,0),
(9,0,7,5,1,0,2,2,1790572400,1789967600,0,'star_00007_1',0,0x3C66696C655F7265663E0A202020203C66696C655F6E616D653E737461725F30303030375F315F72315F303C2F66696C655F6E616D653E0A202020203C6F70656E5F6E616D653E6F75743C2F6F70656E5F6E616D653E0A3C2F66696C655F7265663E0A,NULL,0x3C636F72655F636C69656E745F76657273696F6E3E372E32302E353C2F636F72655F636C69656E745F76657273696F6E3E0A3C215B43444154415B0A3C7374646572725F7478743E0A6974277320646F6E655C0A3C2F7374646572725F7478743E0A5D5D3E0A,0,0,1,0,77.125,0,0,1,0,0,0,'2026-09-21 14:13:20',0,0,1,0,0,0,0,0),
(10,0,7,5,3,0,5,3,1790568800,1789964000,0,'star_00007_0',0,0x3C66696C655F7265663E0A202020203C66696C655F6E616D653E737461725F30303030375F305F72315F303C2F66696C655F6E616D653E0A202020203C6F70656E5F6E616D653E6F75743C2F6F70656E5F6E616D653E0A3C2F66696C655F7265663E0A,0x00275C1A,NULL,0,0,0,0,0,0,0,1,-226,0,0,'2026-09-21 14:13:20',0,0,1,0,0,0,0,0);
/*!40000 ALTER TABLE `result` ENABLE KEYS */;
UNLOCK TABLES;

--
-- Table structure for table `team`
--

DROP TABLE IF EXISTS `team`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `team` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `create_time` int(11) NOT NULL DEFAULT 0,
  `userid` int(11) NOT NULL DEFAULT 0,
  `name` varchar(191) NOT NULL DEFAULT '',
  `name_lc` varchar(254) DEFAULT NULL,
  `url` varchar(254) DEFAULT NULL,
  `type` int(11) NOT NULL DEFAULT 0,
  `name_html` varchar(254) DEFAULT NULL,
  `description` text DEFAULT NULL,
  `nusers` int(11) NOT NULL DEFAULT 0,
  `country` varchar(254) DEFAULT NULL,
  `total_credit` double NOT NULL DEFAULT 0,
  `expavg_credit` double NOT NULL DEFAULT 0,
  `expavg_time` double NOT NULL DEFAULT 0,
  `seti_id` int(11) NOT NULL DEFAULT 0,
  `ping_user` int(11) NOT NULL DEFAULT 0,
  `ping_time` int(11) NOT NULL DEFAULT 0,
  `joinable` tinyint(4) NOT NULL DEFAULT 0,
  `mod_time` timestamp NULL DEFAULT current_timestamp() ON UPDATE current_timestamp(),
  PRIMARY KEY (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=2 DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci;
/*!40101 SET character_set_client = @saved_cs_client */;

--
-- Dumping data for table `team`
--

LOCK TABLES `team` WRITE;
/*!40000 ALTER TABLE `team` DISABLE KEYS */;
INSERT INTO `team` VALUES
(1,1746800000,1,'Sternwärte',NULL,NULL,0,NULL,'über alles',0,NULL,0,0,0,0,0,0,1,'2026-09-21 14:13:20');
/*!40000 ALTER TABLE `team` ENABLE KEYS */;
UNLOCK TABLES;

--
-- Table structure for table `user`
--

DROP TABLE IF EXISTS `user`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `user` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `create_time` int(11) NOT NULL DEFAULT 0,
  `email_addr` varchar(191) NOT NULL DEFAULT '',
  `name` varchar(191) DEFAULT NULL,
  `authenticator` varchar(191) DEFAULT NULL,
  `country` varchar(254) DEFAULT NULL,
  `postal_code` varchar(254) DEFAULT NULL,
  `total_credit` double NOT NULL DEFAULT 0,
  `expavg_credit` double NOT NULL DEFAULT 0,
  `expavg_time` double NOT NULL DEFAULT 0,
  `global_prefs` blob DEFAULT NULL,
  `project_prefs` blob DEFAULT NULL,
  `teamid` int(11) NOT NULL DEFAULT 0,
  `venue` varchar(254) NOT NULL DEFAULT '',
  `url` varchar(254) DEFAULT NULL,
  `send_email` smallint(6) NOT NULL DEFAULT 0,
  `show_hosts` smallint(6) NOT NULL DEFAULT 0,
  `posts` smallint(6) NOT NULL DEFAULT 0,
  `seti_id` int(11) NOT NULL DEFAULT 0,
  `seti_nresults` int(11) NOT NULL DEFAULT 0,
  `seti_last_result_time` int(11) NOT NULL DEFAULT 0,
  `seti_total_cpu` double NOT NULL DEFAULT 0,
  `signature` varchar(254) DEFAULT NULL,
  `has_profile` smallint(6) NOT NULL DEFAULT 0,
  `cross_project_id` varchar(254) NOT NULL DEFAULT '',
  `passwd_hash` varchar(254) NOT NULL DEFAULT '',
  `email_validated` smallint(6) NOT NULL DEFAULT 0,
  `donated` smallint(6) NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=5 DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci;
/*!40101 SET character_set_client = @saved_cs_client */;

--
-- Dumping data for table `user`
--

LOCK TABLES `user` WRITE;
/*!40000 ALTER TABLE `user` DISABLE KEYS */;
INSERT INTO `user` VALUES
(1,1688912000,'operator@example.org','Olga Operator','21f7d270879c384262a79be3d68a4a3c','International','',0,0,0,NULL,NULL,0,'',NULL,1,1,0,0,0,0,0,NULL,0,'4481d9ecbdd5b981e4a0f7f397bc4460','8d1236ef3a2582417d6b8a059b2b8680',1,0),
(2,1691504000,'zoe@example.org','Zoë Müller ’quoted’','71fc202bae775f5ee0a2bc4662d01aeb','Österreich','',0,0,0,NULL,NULL,0,'',NULL,1,1,0,0,0,0,0,NULL,0,'b92e842d136473ef021b3bce67109f36','55195e08199ec9eed1188b9e58377143',1,0),
(3,1694096000,'latin@example.org','Fran�ois G�del','895a8b8ccfe25b0343044e0f46cd82cb','International','',0,0,0,NULL,NULL,0,'',NULL,1,1,0,0,0,0,0,NULL,0,'419efb6afaf3196715162058bbc70a5c','d6de32a1381b7d0706763b5fcd14a60f',1,0),
(4,1696688000,'kanji@example.org','名前 ÿ','ac11988a636cabf4eb25057a33ebbe73','International','',0,0,0,NULL,NULL,0,'',NULL,1,1,0,0,0,0,0,NULL,0,'982634ba2d53c50954b1c0f64e0ddccc','baecc6794e1e9c13ea2ff5da2845d797',1,0);
/*!40000 ALTER TABLE `user` ENABLE KEYS */;
UNLOCK TABLES;

--
-- Table structure for table `workunit`
--

DROP TABLE IF EXISTS `workunit`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!40101 SET character_set_client = utf8mb4 */;
CREATE TABLE `workunit` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `create_time` int(11) NOT NULL DEFAULT 0,
  `appid` int(11) NOT NULL DEFAULT 0,
  `name` varchar(191) NOT NULL DEFAULT '',
  `xml_doc` blob DEFAULT NULL,
  `batch` int(11) NOT NULL DEFAULT 0,
  `rsc_fpops_est` double NOT NULL DEFAULT 0,
  `rsc_fpops_bound` double NOT NULL DEFAULT 0,
  `rsc_memory_bound` double NOT NULL DEFAULT 0,
  `rsc_disk_bound` double NOT NULL DEFAULT 0,
  `need_validate` smallint(6) NOT NULL DEFAULT 0,
  `canonical_resultid` int(11) NOT NULL DEFAULT 0,
  `canonical_credit` double NOT NULL DEFAULT 0,
  `transition_time` int(11) NOT NULL DEFAULT 0,
  `delay_bound` int(11) NOT NULL DEFAULT 0,
  `error_mask` int(11) NOT NULL DEFAULT 0,
  `file_delete_state` int(11) NOT NULL DEFAULT 0,
  `assimilate_state` int(11) NOT NULL DEFAULT 0,
  `hr_class` int(11) NOT NULL DEFAULT 0,
  `opaque` double NOT NULL DEFAULT 0,
  `min_quorum` int(11) NOT NULL DEFAULT 0,
  `target_nresults` int(11) NOT NULL DEFAULT 0,
  `max_error_results` int(11) NOT NULL DEFAULT 0,
  `max_total_results` int(11) NOT NULL DEFAULT 0,
  `max_success_results` int(11) NOT NULL DEFAULT 0,
  `result_template_file` varchar(191) NOT NULL DEFAULT '',
  `priority` int(11) NOT NULL DEFAULT 0,
  `mod_time` timestamp NULL DEFAULT current_timestamp() ON UPDATE current_timestamp(),
  `rsc_bandwidth_bound` double NOT NULL DEFAULT 0,
  `fileset_id` int(11) NOT NULL DEFAULT 0,
  `app_version_id` int(11) NOT NULL DEFAULT 0,
  `transitioner_flags` tinyint(4) NOT NULL DEFAULT 0,
  `size_class` smallint(6) NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=8 DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci;
/*!40101 SET character_set_client = @saved_cs_client */;

--
-- Dumping data for table `workunit`
--

LOCK TABLES `workunit` WRITE;
/*!40000 ALTER TABLE `workunit` DISABLE KEYS */;
INSERT INTO `workunit` VALUES
(1,0,1,'star_00001',0x3C776F726B756E69743E0A3C7273635F66706F70735F6573743E313C2F7273635F66706F70735F6573743E0A3C2F776F726B756E69743E0A,0,2500000000000,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,'',0,'2026-09-21 14:13:20',0,0,0,0,0),
(2,0,1,'star_00002',0x3C776F726B756E69743E0A3C7273635F66706F70735F6573743E313C2F7273635F66706F70735F6573743E0A3C2F776F726B756E69743E0A,0,5000000000000,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,'',0,'2026-09-21 14:13:20',0,0,0,0,0),
(3,0,1,'star_00003',0x3C776F726B756E69743E0A3C7273635F66706F70735F6573743E313C2F7273635F66706F70735F6573743E0A3C2F776F726B756E69743E0A,0,7500000000000,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,'',0,'2026-09-21 14:13:20',0,0,0,0,0),
(4,0,1,'star_00004',0x3C776F726B756E69743E0A3C7273635F66706F70735F6573743E313C2F7273635F66706F70735F6573743E0A3C2F776F726B756E69743E0A,0,10000000000000,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,'',0,'2026-09-21 14:13:20',0,0,0,0,0),
(5,0,1,'star_00005',0x3C776F726B756E69743E0A3C7273635F66706F70735F6573743E313C2F7273635F66706F70735F6573743E0A3C2F776F726B756E69743E0A,0,12500000000000,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,'',0,'2026-09-21 14:13:20',0,0,0,0,0),
(6,0,1,'star_00006',0x3C776F726B756E69743E0A3C7273635F66706F70735F6573743E313C2F7273635F66706F70735F6573743E0A3C2F776F726B756E69743E0A,0,15000000000000,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,'',0,'2026-09-21 14:13:20',0,0,0,0,0),
(7,0,1,'star_00007',0x3C776F726B756E69743E0A3C7273635F66706F70735F6573743E313C2F7273635F66706F70735F6573743E0A3C2F776F726B756E69743E0A,0,17500000000000,0,0,0,0,9,0,0,0,0,0,0,0,0,0,0,0,0,0,'',0,'2026-09-21 14:13:20',0,0,0,0,0);
/*!40000 ALTER TABLE `workunit` ENABLE KEYS */;
UNLOCK TABLES;
/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;

/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;
/*!40014 SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS */;
/*!40014 SET UNIQUE_CHECKS=@OLD_UNIQUE_CHECKS */;
/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
/*!40101 SET CHARACTER_SET_RESULTS=@OLD_CHARACTER_SET_RESULTS */;
/*!40101 SET COLLATION_CONNECTION=@OLD_COLLATION_CONNECTION */;
/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;

-- Dump completed
